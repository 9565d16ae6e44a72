//! Reading a file that changed: it says what is in force already, it is whole, or it is broken.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use lapsed_config::{Finding, Reported, Unreadable, reported};
use lapsed_jobs::in_force::taking_effect;
use lapsed_model::{Digest, TenantName};
use lapsed_policy::Limits;
use lapsed_store::NewPolicy;
use serde::Serialize;

use super::known::Wanted;
use super::look::stamp;
use crate::files;

/// Where files are read, and what they may say.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    /// The tenants' folder.
    pub(crate) folder: PathBuf,
    /// The operator's limits.
    pub(crate) limits: Limits,
}

/// A file to read, with what is known of its tenant.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// Which, and as it stood.
    pub(crate) wanted: Wanted,
    /// What the store has in force.
    pub(crate) in_force: Option<Digest>,
    /// The content that is refused already.
    pub(crate) refused: Option<Digest>,
}

/// What a file came to.
#[derive(Clone, Debug)]
pub(crate) enum Came {
    /// It was changed while it was read: it is looked at again.
    Moved,
    /// It says what is in force.
    InForce(Digest),
    /// It says what was refused before.
    RefusedBefore(Digest),
    /// It can take effect.
    Whole(Box<NewPolicy>),
    /// It cannot.
    Refused(Digest, Broken),
}

/// A tenant whose file does not take effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Broken {
    /// Whose.
    pub(crate) tenant: TenantName,
    /// The version that stays in force; none where there is none, so that nothing runs.
    pub(crate) in_force: Option<String>,
    /// What is wrong, at most the first twenty of it.
    pub(crate) findings: Vec<Reported>,
    /// How many more findings there are.
    pub(crate) more: usize,
}

/// More findings than this are not kept: the whole list is in the tenant's report and in `lapsed check`.
const FINDINGS_KEPT: usize = 20;

impl Reader {
    /// Reads and judges one file.
    pub(crate) fn read(&self, task: &Task, now: DateTime<Utc>) -> Came {
        let tenant = &task.wanted.tenant;
        let name = format!("{tenant}.toml");
        let opened = files::open_beneath(&self.folder, Path::new(&name));
        if stamp(&self.folder, Path::new(&name)) != Some(task.wanted.stamp) {
            return Came::Moved;
        }
        let file = match opened {
            Ok(file) => file,
            Err(unreadable) => return self.unreadable(task, &unreadable),
        };
        let content = Digest::sha256(&file.text);
        if task.refused == Some(content) {
            return Came::RefusedBefore(content);
        }
        if task.in_force == Some(content) {
            return Came::InForce(content);
        }
        match lapsed_policy::read(tenant, &file, &self.limits, now) {
            (Some(policy), _) => Came::Whole(Box::new(taking_effect(&policy, now))),
            (None, findings) => Came::Refused(content, broken(task, &reported(&file, &errors(findings)))),
        }
    }

    /// Whether the file, which says what is in force, is still allowed to: the operator's limits may have changed.
    pub(crate) fn read_anew(&self, task: &Task, now: DateTime<Utc>) -> Came {
        let anew = Task {
            in_force: None,
            ..task.clone()
        };
        match self.read(&anew, now) {
            Came::Whole(policy) if Some(policy.hash) == task.in_force => Came::InForce(policy.hash),
            Came::Refused(content, broken) => {
                let in_force = task.in_force.map(|hash| hash.to_string());
                Came::Refused(content, Broken { in_force, ..broken })
            }
            came => came,
        }
    }

    fn unreadable(&self, task: &Task, unreadable: &Unreadable) -> Came {
        let Unreadable { file, finding } = unreadable;
        let content = Digest::of(&[b"unreadable", finding.title.as_bytes(), file.text.as_bytes()]);
        if task.refused == Some(content) {
            return Came::RefusedBefore(content);
        }
        let findings = reported(file, std::slice::from_ref(finding));
        Came::Refused(content, broken(task, &findings))
    }
}

fn errors(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(Finding::is_error).collect()
}

fn broken(task: &Task, findings: &[Reported]) -> Broken {
    Broken {
        tenant: task.wanted.tenant.clone(),
        in_force: task.in_force.map(|hash| hash.to_string()),
        findings: findings.iter().take(FINDINGS_KEPT).cloned().collect(),
        more: findings.len().saturating_sub(FINDINGS_KEPT),
    }
}

/// Reads many files, on as many threads as there are processors.
pub(crate) async fn read_all(
    reader: &Reader,
    tasks: Vec<Task>,
    now: DateTime<Utc>,
    anew: bool,
) -> Vec<(Task, Came)> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = tasks.len().div_ceil(threads).max(1);
    let mut readers = tokio::task::JoinSet::new();
    let mut tasks = tasks.into_iter();
    loop {
        let share: Vec<Task> = tasks.by_ref().take(share).collect();
        if share.is_empty() {
            break;
        }
        let reader = reader.clone();
        readers.spawn_blocking(move || {
            let one = |task: Task| {
                let came = if anew {
                    reader.read_anew(&task, now)
                } else {
                    reader.read(&task, now)
                };
                (task, came)
            };
            share.into_iter().map(one).collect::<Vec<_>>()
        });
    }
    readers.join_all().await.into_iter().flatten().collect()
}
