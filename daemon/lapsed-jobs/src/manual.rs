//! The manual way: staff anonymise one person.
//!
//! The rules do not bind it, but staff see what is still open and must say that they know. The machinery is the
//! same as for a plan of thousands: a plan of one, a batch of one, one entry in the ledger.

use chrono::{DateTime, Utc};
use lapsed_dataset::{Fitted, Recheck};
use lapsed_model::{Language, SubjectKey, Way};
use lapsed_store::{NewPlan, Store};
use serde::Serialize;

use crate::apply::{Progress, Tools, apply_decided};
use crate::explain::{Person, RuleReport, happenings, person, report};
use crate::holds::{HoldReport, holds_of, refuse_held};
use crate::requests::{RequestReport, unanswered};
use crate::retention::{Case, keep_policy, new_plan};
use crate::{JobError, Refusal};

/// What is open for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenBusiness {
    /// The store's key of the person.
    pub customer: SubjectKey,
    /// Future tickets, running memberships, unpaid orders: whatever the dataset calls open.
    pub open: Vec<RuleReport>,
    /// Other records of the tenant with the same contact: they stay as they are.
    pub same_contact: Vec<SubjectKey>,
    /// What they asked for and nobody answered (D-2).
    pub unanswered: Vec<RequestReport>,
    /// Legal holds: as long as there is one, nobody can say that they know better.
    pub holds: Vec<HoldReport>,
}

impl OpenBusiness {
    /// Whether staff must say explicitly that they know.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !self.open.is_empty() || !self.same_contact.is_empty() || !self.unanswered.is_empty()
    }
}

/// Looks what is open. Refuses where the policy has not turned this way in on, and for who is anonymised already.
pub async fn open_business(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    tenant_keys: &[String],
    customer: &str,
    now: DateTime<Utc>,
    language: Language,
) -> Result<OpenBusiness, JobError> {
    const MOST: u32 = 20;
    if !case.retention.by_staff {
        return Err(Refusal::ByStaffOff(case.workgroup.clone()).into());
    }
    let person = person(store, fitted, case, customer).await?;
    if person.anonymised {
        return Err(Refusal::AlreadyAnonymised(case.workgroup.clone(), person.key.to_string()).into());
    }
    let holds = holds_of(store, fitted, &case.workgroup.tenant, &person.key, now).await?;
    let same_contact = match fitted.same_contact(tenant_keys, &person.key, MOST) {
        Some(statement) => store.rows(&statement).await?,
        None => Vec::new(),
    };
    let same_contact = same_contact
        .into_iter()
        .filter_map(Person::of)
        .filter(|person| !person.anonymised);
    Ok(OpenBusiness {
        open: open_rules(store, fitted, case, &person.key, now, language).await?,
        unanswered: unanswered(store, fitted, &person.key).await?,
        same_contact: same_contact.map(|person| person.key).collect(),
        holds: holds.iter().map(HoldReport::from).collect(),
        customer: person.key,
    })
}

/// The rules that find something open.
pub(crate) async fn open_rules(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    subject: &SubjectKey,
    now: DateTime<Utc>,
    language: Language,
) -> Result<Vec<RuleReport>, JobError> {
    let happenings = happenings(store, fitted, case, subject).await?;
    let bounds = case.bounds(now);
    let rules = fitted.dataset().rules.open.iter();
    let open = rules.map(|rule| report("open", rule, &happenings, &bounds, language));
    Ok(open.filter(|rule| rule.holds).collect())
}

/// Anonymises one person by hand. Whoever calls this has shown what is open and asked; unless staff said that they
/// act `despite_open_business`, it is looked at once more in the transaction that erases.
pub async fn anonymise(
    tools: &Tools<'_>,
    case: &Case<'_>,
    person: &SubjectKey,
    despite_open_business: bool,
) -> Result<Progress, JobError> {
    if tools.watch_only {
        return Err(Refusal::WatchOnly.into());
    }
    if !case.retention.by_staff {
        return Err(Refusal::ByStaffOff(case.workgroup.clone()).into());
    }
    let asked = if despite_open_business {
        Recheck::There
    } else {
        Recheck::NothingOpen
    };
    let progress = decide(tools, case, person, Way::Manual, asked).await?;
    if progress.anonymised == 0 {
        // A hold that was placed while staff were asked is the more important thing to say.
        refuse_held(
            tools.store,
            tools.fitted,
            &case.workgroup,
            person,
            tools.clock.now(),
        )
        .await?;
    }
    Ok(progress)
}

/// Somebody decided about one person: a plan of one, carried out at once. A hold is stronger than anybody.
pub(crate) async fn decide(
    tools: &Tools<'_>,
    case: &Case<'_>,
    person: &SubjectKey,
    way: Way,
    asked: Recheck,
) -> Result<Progress, JobError> {
    let bounds = case.bounds(tools.clock.now());
    refuse_held(tools.store, tools.fitted, &case.workgroup, person, bounds.now).await?;
    keep_policy(tools.store, case, bounds.now, tools.keys, tools.chance).await?;
    let new = NewPlan {
        right: tools.right,
        ..new_plan(tools.fitted, case, bounds, way, tools.chance)
    };
    let question = case.question(&bounds, &[]);
    let subjects = tools.fitted.save_one(&question, person, &new.id());
    let plan = tools.store.save_plan(&new, &subjects, None).await?;
    apply_decided(tools, case, &plan, asked).await
}
