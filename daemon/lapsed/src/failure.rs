//! How a command ends when it does not succeed.

use std::io::ErrorKind;
use std::process::ExitCode;

use anyhow::anyhow;
use lapsed_archive::ArchiveError;
use lapsed_jobs::journal::JournalError;
use lapsed_jobs::{JobError, Refusal};
use lapsed_store::StoreError;

use crate::output::Output;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Findings, which were shown already.
    Findings,
    /// A refusal of ours, with its reason.
    Refused(Refusal),
    /// A refusal that the daemon gave, in its words.
    Told {
        /// The word for machines.
        code: String,
        /// The sentence.
        message: String,
    },
    /// The store refused, or is out of reach.
    Store(StoreError),
    /// The erasure journal is out of reach.
    Journal(JournalError),
    /// A task of the daemon crashed.
    Crashed(String),
    /// Whatever else went wrong, with what was being done.
    Other(anyhow::Error),
}

/// What every command returns.
pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure with a sentence of its own.
    pub(crate) fn because(sentence: impl Into<String>) -> Self {
        Self::Other(anyhow::Error::msg(sentence.into()))
    }

    /// The sentence, for whoever shows it elsewhere.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Failure::Findings => "there are findings".to_owned(),
            Failure::Refused(refusal) => refusal.to_string(),
            Failure::Told { message, .. } => message.clone(),
            Failure::Store(error) => error.to_string(),
            Failure::Journal(error) => error.to_string(),
            Failure::Crashed(what) => what.clone(),
            Failure::Other(error) => format!("{error:#}"),
        }
    }

    /// Says why, and gives the exit code of the table in `--help`.
    pub(crate) fn report(self, out: &Output) -> ExitCode {
        let (code, word, message) = match self {
            Failure::Findings => return ExitCode::from(1),
            Failure::Refused(refusal) => (1, refusal.code(), refusal.to_string()),
            Failure::Told { code, message } => {
                out.error(&code, &message);
                return ExitCode::from(1);
            }
            Failure::Store(error) if error.is_out_of_reach() => (3, "store", error.to_string()),
            Failure::Store(error) => (1, "store", error.to_string()),
            Failure::Journal(error) => (3, "journal", error.to_string()),
            Failure::Crashed(what) => (4, "crashed", what),
            Failure::Other(error) => (1, "failed", format!("{error:#}")),
        };
        out.error(word, &message);
        ExitCode::from(code)
    }
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Store(StoreError::NotWitnessed(why)) => match why.downcast::<JournalError>() {
                Ok(why) => Self::Journal(*why),
                Err(why) => Self::Store(StoreError::NotWitnessed(why)),
            },
            JobError::Store(error) => Self::Store(error),
            JobError::Journal(error) => Self::Journal(error),
            JobError::Refused(refusal) => Self::Refused(refusal),
            other @ (JobError::Archive(ArchiveError::Output(_)) | JobError::File { .. })
                if is_full(&other) =>
            {
                Self::Other(anyhow!(
                    "{other}. Nothing of it is left: make room there, or name another folder, and type it again"
                ))
            }
            // Its words have the reason in them: told with its sources it would say so twice.
            other @ (JobError::Stopped | JobError::Archive(_) | JobError::File { .. }) => {
                Self::Other(anyhow!("{other}"))
            }
        }
    }
}

/// Whether a disk took no more.
fn is_full(error: &JobError) -> bool {
    match error {
        JobError::Archive(ArchiveError::Output(why)) | JobError::File { why, .. } => {
            matches!(why.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        }
        _ => false,
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}
