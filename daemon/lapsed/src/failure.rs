//! How a command ends when it does not succeed.

use std::process::ExitCode;

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
    /// The store refused, or is out of reach.
    Store(StoreError),
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

    /// Says why, and gives the exit code of the table in `--help`.
    pub(crate) fn report(self, out: &Output) -> ExitCode {
        let (code, word, message) = match self {
            Failure::Findings => return ExitCode::from(1),
            Failure::Refused(refusal) => (1, refusal.code(), refusal.to_string()),
            Failure::Store(error) if error.is_out_of_reach() => (3, "store", error.to_string()),
            Failure::Store(error) => (1, "store", error.to_string()),
            Failure::Other(error) => (1, "failed", format!("{error:#}")),
        };
        out.error(word, &message);
        ExitCode::from(code)
    }
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Store(error) => Self::Store(error),
            JobError::Refused(refusal) => Self::Refused(refusal),
        }
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
