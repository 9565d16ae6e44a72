//! From a file to a policy.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_config::{Entry, File, Finding, Table, clipped, limited, plain_name};
use lapsed_model::{Bounds, NameError, Switch, TenantName, Workgroup};

use crate::example::example;
use crate::export::export;
use crate::layers::Layers;
use crate::retention::{Circumstances, retention};
use crate::zone::parse_zone;
use crate::{Export, Limits, POLICY_SHAPE, Policy, Retention};

/// Reads a tenant's file. There is a policy if no finding is an error; warnings come along with it.
#[must_use]
pub fn read(
    tenant: &TenantName,
    file: &File,
    limits: &Limits,
    now: DateTime<Utc>,
) -> (Option<Policy>, Vec<Finding>) {
    let (root, mut findings) = lapsed_config::read(file, &POLICY_SHAPE);
    let zone = root
        .text("time_zone")
        .and_then(|text| parse_zone(text.value).ok());
    // Without a zone the rest is judged all the same: the file has an error, and no policy follows from it.
    let judged_in = zone.unwrap_or_default();
    let around = Circumstances {
        limits,
        zone: judged_in,
        today: Bounds::today(now, judged_in),
        has_privacy_contact: root.get("privacy_contact").is_some(),
    };
    let workgroups = workgroups(tenant, &root, around, &mut findings);
    let exports = exports(tenant, &root, judged_in, &mut findings);
    let examples: Vec<_> = root
        .tables("example")
        .filter_map(|table| example(table, &workgroups, &mut findings))
        .collect();
    same_example_twice(&root, &mut findings);
    let findings = limited(without_repetition(findings));
    if findings.iter().any(Finding::is_error) {
        return (None, findings);
    }
    let text = |key: &str| root.text(key).map(|text| text.value.to_owned());
    let policy = text("name")
        .zip(root.parsed("language"))
        .zip(zone)
        .map(|((name, language), zone)| Policy {
            tenant: tenant.clone(),
            name,
            language: language.value,
            zone,
            privacy_contact: text("privacy_contact"),
            without_retention: names_without_retention(&workgroups),
            workgroups: workgroups
                .into_iter()
                .filter_map(|(name, retention)| Some((name, retention?)))
                .collect(),
            exports,
            examples,
            text: file.text.clone(),
        });
    (policy, findings)
}

/// What a policy means without saying it, as far as the dataset has rules that listen to these switches. Nothing is wrong
/// with it, so only `lapsed check` tells.
#[must_use]
pub fn hints(policy: &Policy, switches: &[Switch]) -> Vec<Finding> {
    let without = |(name, retention): (&String, &Retention)| {
        (!retention.article_buyers_too).then(|| format!("`{name}`"))
    };
    let names: Vec<String> = policy.workgroups.iter().filter_map(without).collect();
    let mut hints = Vec::new();
    if !names.is_empty() && switches.contains(&Switch::ArticleBuyersToo) {
        hints.push(
            Finding::hint(format!(
                "people who only ever bought articles are kept for ever in {}",
                names.join(", ")
            ))
            .help("write `article_buyers_too = true` below `[retention]` to have them anonymised too"),
        );
    }
    if !policy.without_retention.is_empty() {
        let names: Vec<String> = policy
            .without_retention
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        hints.push(
            Finding::hint(format!("everybody is kept for ever in {}", names.join(", ")))
                .help("add a `[retention]` to the file to have people anonymised when their time has come"),
        );
    }
    hints
}

/// Every workgroup of the file, with its retention if it has one.
fn workgroups(
    tenant: &TenantName,
    root: &Table,
    around: Circumstances<'_>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, Option<Retention>> {
    let head = root.table("retention");
    let entries = root
        .table("workgroups")
        .map(|table| table.entries.as_slice())
        .unwrap_or_default();
    if entries.is_empty() {
        no_workgroup(tenant, root, head, around, findings);
    }
    let mut workgroups = BTreeMap::new();
    for entry in entries {
        let own = entry.value.as_table().and_then(|table| table.table("retention"));
        let workgroup = Workgroup::new(tenant.clone(), &entry.key.value);
        match workgroup {
            Ok(workgroup) => {
                let retention = retention(Layers { own, head }, &workgroup, around, findings);
                workgroups.insert(entry.key.value.clone(), retention);
            }
            Err(why) => {
                findings.push(wrong_name(entry, why));
                // An example may still name it as it is written; one mistake is one finding.
                workgroups.insert(entry.key.value.clone(), None);
            }
        }
    }
    workgroups
}

/// Every workgroup of the file, with what it wants of its exports.
fn exports(
    tenant: &TenantName,
    root: &Table,
    zone: Tz,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, Export> {
    let head = root.table("export");
    let entries = root
        .table("workgroups")
        .map_or(&[][..], |table| table.entries.as_slice());
    let mut of = |entry: &Entry| {
        // A name that cannot be one has its finding already.
        let workgroup = Workgroup::new(tenant.clone(), &entry.key.value).ok()?;
        let own = entry.value.as_table().and_then(|table| table.table("export"));
        let export = export(Layers { own, head }, &workgroup, zone, findings);
        Some((entry.key.value.clone(), export))
    };
    entries.iter().filter_map(&mut of).collect()
}

/// A file without workgroups does nothing; its `[retention]` is judged all the same.
fn no_workgroup(
    tenant: &TenantName,
    root: &Table,
    head: Option<&Table>,
    around: Circumstances<'_>,
    findings: &mut Vec<Finding>,
) {
    if let Some(span) = root
        .key_span("workgroups")
        .filter(|_| root.table("workgroups").is_some())
    {
        findings.push(
            Finding::error("there is no workgroup here")
                .at(span)
                .help("name each house, box office or branch: `[workgroups.box-office]`"),
        );
    }
    if let Ok(stand_in) = Workgroup::new(tenant.clone(), "workgroup") {
        retention(Layers { own: None, head }, &stand_in, around, findings);
    }
}

fn wrong_name(entry: &Entry, why: NameError) -> Finding {
    let written = &entry.key.value;
    let plain = plain_name(written);
    let finding = Finding::error(format!("`{}` cannot name a workgroup", clipped(written)))
        .at(entry.key.span.clone())
        .note(why.to_string());
    if plain.is_empty() || plain.len() > 64 {
        return finding.help("choose a short name, such as `[workgroups.box-office]`");
    }
    finding.help(format!("write `[workgroups.{plain}]`"))
}

/// A case that was copied and not changed.
fn same_example_twice(root: &Table, findings: &mut Vec<Finding>) {
    let mut seen: Vec<&str> = Vec::new();
    for says in root.tables("example").filter_map(|table| table.text("says")) {
        if seen.contains(&says.value) {
            findings.push(
                Finding::warning("two examples say the same sentence")
                    .at(says.span)
                    .help("say what differs, so that the report tells which of the two went wrong"),
            );
        } else {
            seen.push(says.value);
        }
    }
}

fn names_without_retention(workgroups: &BTreeMap<String, Option<Retention>>) -> Vec<String> {
    workgroups
        .iter()
        .filter(|(_, retention)| retention.is_none())
        .map(|(name, _)| name.clone())
        .collect()
}

/// What stands in the head of the file is judged once for each workgroup, and told once.
fn without_repetition(findings: Vec<Finding>) -> Vec<Finding> {
    let mut told: Vec<Finding> = Vec::new();
    for finding in findings {
        if !told.contains(&finding) {
            told.push(finding);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Automatic;

    const HEAD: &str = "name = \"Theatre\"\nlanguage = \"en\"\ntime_zone = \"Europe/Vienna\"\n\
                        privacy_contact = \"a@b.example\"\n";

    fn policy(text: &str) -> (Option<Policy>, Vec<String>) {
        let now = "2026-11-22T12:00:00Z".parse().expect("an instant");
        let tenant = "theatre".parse().expect("a name");
        let file = File::new("theatre.toml", &format!("{HEAD}{text}"));
        let (policy, findings) = read(&tenant, &file, &Limits::default(), now);
        (
            policy,
            findings.into_iter().map(|finding| finding.title).collect(),
        )
    }

    fn whole(text: &str) -> Policy {
        let (policy, findings) = policy(text);
        policy.unwrap_or_else(|| panic!("no policy: {findings:#?}"))
    }

    #[test]
    fn a_workgroup_overrides_what_it_names_and_inherits_the_rest() {
        let policy = whole(
            "[retention]\nanonymise_after = \"3 years\"\nautomatic = \"on\"\nby_staff = true\n\
             [workgroups.house]\n[workgroups.season.retention]\nanonymise_after = \"10 years\"\n",
        );
        let (house, season) = (&policy.workgroups["house"], &policy.workgroups["season"]);
        assert_eq!(house.anonymise_after.to_string(), "3 years");
        assert_eq!(season.anonymise_after.to_string(), "10 years");
        assert_eq!((season.automatic, season.by_staff), (Automatic::On, true));
        assert_ne!(
            house.schedule.cron, season.schedule.cron,
            "each has a night of its own"
        );
    }

    #[test]
    fn r5_everything_is_cautious_until_the_policy_says_otherwise() {
        let policy = whole("[retention]\nanonymise_after = \"3 years\"\n[workgroups.house]\n");
        let house = &policy.workgroups["house"];
        assert_eq!(
            (house.automatic, house.by_staff, house.by_customer),
            (Automatic::PlanOnly, false, false)
        );
        assert!(house.keep_people_with_consent && !house.article_buyers_too);
    }

    #[test]
    fn a_workgroup_may_have_no_retention() {
        let policy = whole("[workgroups.house]\n");
        assert!(policy.workgroups.is_empty());
        assert_eq!(policy.without_retention, ["house"]);
        assert_eq!(hints(&policy, &Switch::ALL).len(), 1);
    }

    #[test]
    fn o1_one_error_and_nothing_of_the_file_takes_effect() {
        let (policy, findings) = policy("[retention]\nanonymise_after = \"3 yaers\"\n[workgroups.house]\n");
        assert_eq!(policy, None);
        assert_eq!(findings, ["`3 yaers` is not a retention period"]);
    }

    #[test]
    fn a_contradiction_in_the_head_is_told_once() {
        let (_, findings) = policy(
            "[retention]\nanonymise_after = \"10 days\"\nby_staff = true\n[workgroups.a]\n[workgroups.b]\n",
        );
        assert_eq!(
            findings,
            ["`10 days` is shorter than the operator of this system allows"]
        );
    }

    #[test]
    fn a_workgroup_that_turns_the_automatic_way_off_need_not_repeat_the_schedule() {
        let text = "[retention]\nanonymise_after = \"3 years\"\nby_staff = true\nschedule = \"at night\"\n\
                    [workgroups.house]\n[workgroups.season.retention]\nautomatic = \"off\"\n";
        assert_eq!(policy(text).1, Vec::<String>::new());
    }

    #[test]
    fn d2_a_policy_that_leaves_a_person_no_way_to_be_forgotten_is_a_finding() {
        for automatic in ["off", "plan only", "on"] {
            let (policy, findings) = policy(&format!(
                "[retention]\nanonymise_after = \"3 years\"\nautomatic = \"{automatic}\"\n[workgroups.a]\n"
            ));
            assert!(policy.is_some(), "it is a warning");
            assert_eq!(
                findings,
                ["this leaves a person who asks to be forgotten no way at all"]
            );
        }
    }
}
