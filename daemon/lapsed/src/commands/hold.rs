//! `lapsed hold add|lift|list`: legal holds

use std::path::Path;

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use lapsed_jobs::holds::{HoldReport, On, Placing, last_instant, lift, place};
use lapsed_model::{Held, Hold, Pii, SubjectKey, TenantName, day_start};
use serde_json::json;

use crate::cli::{HoldArgs, HoldCommand, HoldOn, HoldWhy};
use crate::failure::Result;
use crate::installation::Installation;
use crate::output::{Output, date, number, people};

/// Places, lifts or lists holds.
pub(crate) async fn run(config: &Path, args: &HoldArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    match &args.command {
        HoldCommand::Add { on } => add(&installation, on, out).await,
        HoldCommand::Lift { hold, by, reason } => lift_one(&installation, hold, by, reason, out).await,
        HoldCommand::List { tenant, all } => list(&installation, tenant.as_ref(), *all, out).await,
    }
}

async fn add(installation: &Installation, on: &HoldOn, out: &Output) -> Result {
    let (tenant, why, on) = named(on);
    let policy = installation.policy_or_in_force(tenant, out).await?;
    let fitted = installation.fit(out).await?;
    let ring = installation.keys()?;
    let placing = Placing {
        tenant,
        keys: &installation.workgroups(&policy),
        on,
        reason: Pii::new(why.reason.clone()),
        by: &why.by,
        ends_at: why.until.and_then(|day| behind(day, policy.zone)),
    };
    let (hold, held) = place(&installation.clerk(&fitted, &ring), &placing).await?;
    let until = match last_instant(hold.ends_at) {
        Some(last) => format!("until {} inclusive", date(last, policy.zone)),
        None => "until it is lifted".to_owned(),
    };
    let whom = match &hold.on {
        Held::Tenant => format!("everybody of {tenant}"),
        Held::Person { .. } | Held::Record { .. } => people(held.len() as u64),
    };
    out.line(format!(
        "hold {} keeps {whom} from being anonymised, {until}",
        hold.id
    ));
    out.object(&with_people(&hold, &held));
    Ok(())
}

fn named(on: &HoldOn) -> (&TenantName, &HoldWhy, On<'_>) {
    match on {
        HoldOn::Person {
            workgroup,
            customer,
            why,
        } => (&workgroup.tenant, why, On::Person { workgroup, customer }),
        HoldOn::Record {
            tenant,
            kind,
            record,
            why,
        } => (tenant, why, On::Record { kind, record }),
        HoldOn::Tenant { tenant, why } => (tenant, why, On::Tenant),
    }
}

/// The first instant behind a day.
pub(crate) fn behind(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    day.checked_add_days(Days::new(1))
        .map(|behind| day_start(zone, behind))
}

async fn lift_one(installation: &Installation, id: &str, by: &str, reason: &str, out: &Output) -> Result {
    let hold = installation.store.hold(id).await?;
    let policy = installation.policy_or_in_force(&hold.tenant, out).await?;
    let fitted = installation.fit(out).await?;
    let ring = installation.keys()?;
    let keys = installation.workgroups(&policy);
    let because = Pii::new(reason.to_owned());
    let judged = lift(&installation.clerk(&fitted, &ring), &keys, &hold, by, because).await?;
    out.line(match &hold.on {
        Held::Tenant => format!(
            "hold {id} is lifted: the next plans judge everybody of {} again",
            hold.tenant
        ),
        Held::Person { .. } | Held::Record { .. } => {
            format!(
                "hold {id} is lifted: the daemon judges {} again, by the rules",
                people(judged)
            )
        }
    });
    out.object(&json!({ "hold": hold.id, "tenant": hold.tenant, "lifted_by": by, "judged_again": judged }));
    Ok(())
}

async fn list(installation: &Installation, tenant: Option<&TenantName>, all: bool, out: &Output) -> Result {
    let now = installation.now();
    let holds = installation.store.holds(tenant, (!all).then_some(now)).await?;
    // Holds of a tenant that went are shown all the same.
    if let (true, Some(tenant)) = (holds.is_empty(), tenant) {
        installation.must_know(tenant).await?;
    }
    let rows = holds
        .iter()
        .map(|hold| row(hold, installation.zone(&hold.tenant), now));
    let headings = ["HOLD", "TENANT", "ON", "SINCE", "UNTIL", "PLACED BY", "REASON"];
    out.table(&headings, rows.collect(), &[]);
    if holds.is_empty() {
        out.line(if all {
            "there never was a hold"
        } else {
            "no hold is in force"
        });
    }
    holds.iter().for_each(|hold| out.object(&as_json(hold, now)));
    Ok(())
}

fn row(hold: &Hold, zone: Tz, now: DateTime<Utc>) -> Vec<String> {
    let on = match &hold.on {
        Held::Tenant => "everybody".to_owned(),
        Held::Person {
            workgroup,
            subject: Some(subject),
        } => format!("customer {subject} of {workgroup}"),
        Held::Person {
            workgroup,
            subject: None,
        } => format!("a customer of {workgroup}, anonymised since"),
        Held::Record { kind, record } => format!("{kind} {record}"),
    };
    let until = match (&hold.lifted, last_instant(hold.ends_at)) {
        (Some(lifted), _) => format!("lifted on {} by {}", date(lifted.at, zone), lifted.by),
        (None, Some(last)) if hold.is_in_force(now) => date(last, zone),
        (None, Some(last)) => format!("over since {}", date(last, zone)),
        (None, None) => "it is lifted".to_owned(),
    };
    let reason = hold
        .reason
        .as_ref()
        .map_or(String::new(), |reason| reason.reveal().clone());
    vec![
        hold.id.clone(),
        hold.tenant.to_string(),
        on,
        date(hold.placed_at, zone),
        until,
        hold.placed_by.clone(),
        reason,
    ]
}

// Whoever may look holds up may read why they are there: here, and only here, reasons are shown.

fn as_json(hold: &Hold, now: DateTime<Utc>) -> serde_json::Value {
    let report = HoldReport::from(hold);
    let (workgroup, subject) = match &hold.on {
        Held::Person { workgroup, subject } => (Some(workgroup), subject.as_ref()),
        Held::Tenant | Held::Record { .. } => (None, None),
    };
    json!({
        "hold": report.hold, "tenant": hold.tenant, "kind": report.kind, "workgroup": workgroup, "customer": subject,
        "record": report.record, "reason": report.reason, "placed_at": report.placed_at, "placed_by": report.placed_by,
        "ends_at": report.ends_at, "in_force": hold.is_in_force(now),
        "lifted_at": hold.lifted.as_ref().map(|lifted| lifted.at),
        "lifted_by": hold.lifted.as_ref().map(|lifted| &lifted.by),
        "lifted_because": hold.lifted.as_ref().and_then(|lifted| lifted.because.as_ref()).map(Pii::reveal),
    })
}

fn with_people(hold: &Hold, people: &[SubjectKey]) -> serde_json::Value {
    let mut object = as_json(hold, hold.placed_at);
    object["customers"] = json!(people);
    object
}

/// The holds that somebody is under, for people.
pub(crate) fn show_reports(holds: &[HoldReport], zone: Tz, out: &Output) {
    for hold in holds {
        let on = match &hold.record {
            Some(record) => format!("{} {record}", hold.kind),
            None => hold.kind.clone(),
        };
        let until = last_instant(hold.ends_at).map_or("until it is lifted".to_owned(), |last| {
            format!("until {} inclusive", date(last, zone))
        });
        let reason = hold.reason.as_deref().unwrap_or("no reason is kept");
        out.line(format!(
            "  {} on the {on}, placed by {} on {}, {until}: {reason}",
            hold.hold,
            hold.placed_by,
            date(hold.placed_at, zone)
        ));
    }
}

/// How many people a plan leaves alone because of holds.
pub(crate) fn show_held(held: u64, out: &Output) {
    if held > 0 {
        out.heading(&format!("Held: {}", number(held)));
        out.line("  under a legal hold, whatever rules say: `lapsed hold list` shows them");
    }
}
