//! The deletion concept (O-6): everything that the dataset knows stands in it, in every language.
//!
//! `corpus/concept/` holds the theatre's in all of them. Reading these is the review: would a data-protection officer
//! know what becomes of which data, when, and why? `LAPSED_REWRITE=1` writes them anew.

use std::collections::BTreeSet;
use std::path::Path;

use lapsed_config::File;
use lapsed_dataset::{Dataset, RelatedErasure};
use lapsed_jobs::concept::{Concept, Sources, Traces, concept, markdown};
use lapsed_jobs::records::RecordPeriods;
use lapsed_model::{Dialect, Digest, Language, Period};
use lapsed_policy::{Limits, Policy};

const THEATRE: &str = include_str!("../../config/tenants/stadttheater.toml");
const SALON: &str = include_str!("../../config/tenants/salon-lumiere.toml");
const REFERENCE: &str = include_str!("../../config/dataset.toml");
const OTHER_PLATFORM: &str = include_str!("../datasets/salon-suite.toml");

fn policy(tenant: &str, text: &str) -> Policy {
    let file = File::new(tenant, text);
    let now = "2026-11-22T12:00:00Z".parse().expect("an instant");
    let tenant = tenant.parse().expect("a name");
    let (policy, findings) = lapsed_policy::read(&tenant, &file, &Limits::default(), now);
    policy.unwrap_or_else(|| panic!("{findings:#?}"))
}

fn dataset(text: &str) -> Dataset {
    let (dataset, findings) = Dataset::read(&File::new("dataset.toml", text));
    dataset.unwrap_or_else(|| panic!("{findings:#?}"))
}

fn of(policy: &Policy, dataset: &Dataset, language: Language) -> Concept {
    on(Dialect::Sqlite, policy, dataset, language)
}

/// The same for a store that this database keeps.
fn on(dialect: Dialect, policy: &Policy, dataset: &Dataset, language: Language) -> Concept {
    let sources = Sources {
        policy,
        in_force_since: Some("2026-09-01T08:30:00Z".parse().expect("an instant")),
        dataset,
        records: &RecordPeriods::default(),
        dialect,
        now: "2026-11-22T12:00:00Z".parse().expect("an instant"),
    };
    concept(&sources, language)
}

/// Every table and every column that a dataset classifies.
fn fields(dataset: &Dataset) -> Vec<(String, Vec<String>)> {
    let names = |columns: &[lapsed_dataset::ColumnRule]| {
        let columns = columns.iter();
        columns.map(|rule| rule.column.value.clone()).collect()
    };
    let related = dataset.related.iter().map(|related| match &related.erase {
        RelatedErasure::Rows => (related.table.value.clone(), Vec::new()),
        RelatedErasure::Columns(columns) => (related.table.value.clone(), names(columns)),
    });
    let subject = &dataset.subject;
    [(subject.table.value.clone(), names(&subject.columns))]
        .into_iter()
        .chain(related)
        .collect()
}

#[test]
fn o6_every_column_of_every_table_stands_in_the_concept_with_what_becomes_of_it() {
    for (tenant, text) in [("stadttheater", THEATRE), ("salon-lumiere", SALON)] {
        let policy = policy(tenant, text);
        for source in [REFERENCE, OTHER_PLATFORM] {
            let dataset = dataset(source);
            for language in Language::ALL {
                let concept = of(&policy, &dataset, language);
                let text = markdown(&concept);
                for (table, columns) in fields(&dataset) {
                    let class = concept.classes.iter().find(|class| class.table == table);
                    let class = class.unwrap_or_else(|| panic!("{table} is no class of {tenant}"));
                    let part = text.split(&format!("(`{table}`)")).nth(1);
                    let part = part.and_then(|part| part.split("\n#").next());
                    let part = part.unwrap_or_else(|| panic!("{language}: {table} has no part"));
                    for column in columns {
                        let known = class
                            .fields
                            .keys()
                            .any(|field| field.split('.').next() == Some(&column));
                        assert!(known, "{table}.{column}");
                        assert!(
                            part.contains(&format!("`{column}")),
                            "{language}: {table}.{column}"
                        );
                    }
                }
                for table in dataset.ignored.keys() {
                    assert!(text.contains(&format!("`{table}`")), "{language}: {table}");
                }
            }
        }
    }
}

#[test]
fn every_rule_stands_in_the_concept_and_those_that_are_off_say_so() {
    let (policy, dataset) = (policy("salon-lumiere", SALON), dataset(REFERENCE));
    let concept = of(&policy, &dataset, Language::Fr);
    assert_eq!(concept.workgroups.len(), 2, "the branches differ in one switch");
    let text = markdown(&concept);
    for rule in dataset.rules.candidates.iter().chain(&dataset.rules.keeps) {
        assert!(text.contains(rule.says.get(Language::Fr)), "{}", rule.name);
    }
    let applies: Vec<bool> = concept
        .workgroups
        .iter()
        .filter_map(|group| {
            group
                .terms
                .due
                .iter()
                .find(|sentence| sentence.rule == "articles-only")
        })
        .map(|sentence| sentence.applies)
        .collect();
    assert_eq!(applies, [false, true]);
    assert_eq!(text.matches("~~").count(), 2, "one sentence is struck out");
}

#[test]
fn r8_fields_with_a_period_of_their_own_name_it_and_others_go_with_the_rest() {
    let dataset = dataset(REFERENCE);
    let theatre = markdown(&of(&policy("stadttheater", THEATRE), &dataset, Language::En));
    assert!(theatre.contains(
        "| Orders and invoices: `invoice_name`, `invoice_address` | from `ordered_at` | 8 years |"
    ));
    assert!(theatre.contains(
        "| Orders and invoices: `invoice_name`, `invoice_address` | from `ordered_at` | 12 years |"
    ));
    let salon = markdown(&of(&policy("salon-lumiere", SALON), &dataset, Language::En));
    assert!(salon.contains("| – | is cleared with the rest |"), "{salon}");
}

#[test]
fn the_theatres_concept_reads_as_written_in_every_language() {
    let (policy, dataset) = (policy("stadttheater", THEATRE), dataset(REFERENCE));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/concept");
    let rewrite = std::env::var_os("LAPSED_REWRITE").is_some();
    let mut wrong = Vec::new();
    for language in Language::ALL {
        let concept = of(&policy, &dataset, language);
        // A remark that is added to either file changes its hash and nothing that is said here.
        let concept = Concept {
            policy: Digest::ZERO,
            dataset: Digest::ZERO,
            ..concept
        };
        let text = markdown(&concept);
        let path = folder.join(format!("stadttheater.{language}.md"));
        if rewrite {
            std::fs::write(&path, &text).expect("the concept is written");
        } else if std::fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(path.display().to_string());
        }
    }
    assert!(
        wrong.is_empty(),
        "other concepts than those written down: {wrong:?}"
    );
}

/// What a concept for a server has and the one for a file has not, in this order, with a line around each piece.
fn only_on_a_server(language: Language) -> String {
    let (policy, dataset) = (policy("stadttheater", THEATRE), dataset(REFERENCE));
    let file = markdown(&on(Dialect::Sqlite, &policy, &dataset, language));
    let server = markdown(&on(Dialect::Postgres, &policy, &dataset, language));
    let known: BTreeSet<&str> = file.lines().collect();
    let new = server
        .lines()
        .filter(|line| line.is_empty() || !known.contains(line));
    let mut text: String = new.map(|line| format!("{line}\n")).collect();
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text.trim().to_owned() + "\n"
}

#[test]
fn on_a_server_the_concept_says_what_erased_means_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/concept");
    let mut wrong = Vec::new();
    for language in Language::ALL {
        let text = only_on_a_server(language);
        let path = folder.join(format!("postgres.{language}.md"));
        if std::env::var_os("LAPSED_REWRITE").is_some() {
            std::fs::write(&path, &text).expect("the difference is written");
        } else if std::fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "other texts than those written down: {wrong:?}");
}

#[test]
fn the_operators_period_of_backups_stands_in_the_concept() {
    let (policy, dataset) = (policy("stadttheater", THEATRE), dataset(REFERENCE));
    let concept = Concept {
        traces: Some(Traces {
            backups: "30 days".parse::<Period>().ok(),
        }),
        ..of(&policy, &dataset, Language::De)
    };
    let text = markdown(&concept);
    assert!(text.contains("| Sicherungen | höchstens 30 Tage |"), "{text}");
    assert!(text.contains("archivierte Teile: höchstens 30 Tage"), "{text}");
}

#[test]
fn d1_nothing_is_sent_to_anybody_and_the_concept_says_what_is_handed_out() {
    let (policy, dataset) = (policy("stadttheater", THEATRE), dataset(REFERENCE));
    let concept = of(&policy, &dataset, Language::En);
    assert!(concept.destinations.is_empty());
    assert!(markdown(&concept).contains("the program sends nothing to anybody else"));
}
