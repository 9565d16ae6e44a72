//! What the log and the metrics hear of a run's end.

use lapsed_model::{Run, RunState};
use lapsed_store::End;
use tracing::{error, info, warn};

use super::work::Unfinished;
use crate::metrics::Metrics;

/// Says what became of a run, once.
pub(super) fn report(run: &Run, result: &Result<serde_json::Value, Unfinished>) {
    let tenant = run.tenant.as_ref().map_or("", |tenant| tenant.as_str());
    let workgroup = run.workgroup.as_deref().unwrap_or_default();
    let (id, job) = (run.id, run.job.as_str());
    match result {
        // What a reload found is said by whoever reads the files, a line each.
        Ok(_) if job == "reload" => info!(run = id, job, "done"),
        Ok(outcome) => {
            let outcome = without_people(outcome);
            info!(tenant, workgroup, run = id, job, %outcome, "done");
        }
        Err(Unfinished::Cancelled(why)) => {
            let code = why["code"].as_str();
            warn!(tenant, workgroup, run = id, job, code, "not done");
        }
        Err(Unfinished::Failed(why)) => error!(
            tenant,
            workgroup,
            run = id,
            job,
            attempt = run.attempt,
            why,
            "failed"
        ),
        Err(Unfinished::Waiting(why)) => warn!(tenant, workgroup, run = id, job, why, "tried again later"),
        Err(Unfinished::HandedBack | Unfinished::OutOfReach(_) | Unfinished::NoJournal(_)) => {
            info!(tenant, workgroup, run = id, job, "handed back");
        }
        Err(Unfinished::LeaseLost) => warn!(tenant, workgroup, run = id, job, "somebody else has it now"),
    }
}

/// What of an outcome may stand in a log: a key of the store may be somebody's address. The run keeps all of it.
fn without_people(outcome: &serde_json::Value) -> serde_json::Value {
    let mut outcome = outcome.clone();
    if let Some(fields) = outcome.as_object_mut() {
        fields.remove("customer");
        fields.remove("subject");
    }
    outcome
}

/// Counts what became of a run.
pub(super) fn count(metrics: &Metrics, run: &Run, end: &End) {
    let state = match end {
        End::Completed(_) => RunState::Completed,
        End::Cancelled(_) => RunState::Cancelled,
        End::Discarded { .. } => RunState::Discarded,
        End::Retry { .. } | End::Later { .. } | End::HandedBack(_) => return,
    };
    if let Some(tenant) = &run.tenant {
        metrics.finished(&run.job, tenant, state);
    }
}
