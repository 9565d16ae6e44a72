//! A small store on PostgreSQL, and what can be wrong with it.

use std::collections::BTreeMap;

use lapsed_config::{File, Finding, Severity};
use lapsed_model::{Catalogue, Column, Dialect, ForeignKey, QueryColumn, QueryShape, Table};

use crate::{Dataset, Survey};

const VISITS: &str = "SELECT customer_id AS subject, at, id AS record FROM box.visits";

fn dataset(form: &str, mark: &str) -> Dataset {
    dataset_that_exports(form, mark, "")
}

fn dataset_that_exports(form: &str, mark: &str, exports: &str) -> Dataset {
    let text = format!(
        r#"
dataset = "small"
instants = "{form}"
[subject]
table = "box.customers"
key = "id"
workgroup = "house"
created_at = "made"
[subject.columns]
id = "keep"
house = "keep"
made = "keep"
mark = "{mark}"
[ignore]
"box.visits" = "who came"
[fact]
visit = "{VISITS}"
[[candidate]]
rule = "visited"
says = "came"
fact = "visit"
is = "before cut-off"
[[keep]]
rule = "comes"
says = "comes"
fact = "visit"
is = "after cut-off"
[not_exported]
"box.customers.mark" = "a mark"
{exports}
"#
    );
    let file = File::new("dataset.toml", &text);
    let (dataset, findings) = Dataset::read(&file);
    dataset.unwrap_or_else(|| panic!("{}", lapsed_config::render(&file, &findings, false)))
}

fn table(columns: &[(&str, &str)], links: &[&str]) -> Table {
    let column = |(name, declared): &(&str, &str)| Column {
        name: (*name).to_owned(),
        declared: (*declared).to_owned(),
        nullable: true,
        primary_key: *name == "id",
    };
    let link = |column: &&str| ForeignKey {
        columns: vec![(*column).to_owned()],
        table: "box.customers".to_owned(),
    };
    Table {
        schema: Some("box".to_owned()),
        columns: columns.iter().map(column).collect(),
        foreign_keys: links.iter().map(link).collect(),
        ..Table::default()
    }
}

/// Customers by number, and visits whose columns have these types and links.
fn survey(dialect: Dialect, subject: &str, at: &str, links: &[&str]) -> Survey {
    let customers = [
        ("id", "bigint"),
        ("house", "text"),
        ("made", "timestamp with time zone"),
        ("mark", "bigint"),
    ];
    let visits = [("id", "bigint"), ("customer_id", subject), ("at", at)];
    let from_visits = |name: &str, column: &str| QueryColumn {
        name: name.to_owned(),
        origin: Some(("box.visits".to_owned(), column.to_owned())),
    };
    let shape = QueryShape {
        columns: vec![
            from_visits("subject", "customer_id"),
            from_visits("at", "at"),
            from_visits("record", "id"),
        ],
    };
    let types = [("subject", subject), ("at", at)].map(|(name, of)| (name.to_owned(), of.to_owned()));
    let typed = (dialect == Dialect::Postgres).then(|| (VISITS.to_owned(), BTreeMap::from(types)));
    Survey {
        catalogue: Catalogue {
            dialect,
            tables: BTreeMap::from([
                ("box.customers".to_owned(), table(&customers, &[])),
                ("box.visits".to_owned(), table(&visits, links)),
            ]),
            ..Catalogue::default()
        },
        shapes: BTreeMap::from([(VISITS.to_owned(), Ok(shape))]),
        types: typed.into_iter().collect(),
        ..Survey::default()
    }
}

fn titles(findings: &[Finding], severity: Severity) -> Vec<&str> {
    let of_severity = findings.iter().filter(|finding| finding.severity == severity);
    of_severity.map(|finding| finding.title.as_str()).collect()
}

#[test]
fn a_store_that_looks_like_its_dataset_is_written_for_by_its_schemas() {
    let dataset = dataset("timestamptz", "now");
    let at = "timestamp with time zone";
    let (fitted, findings) = dataset.fit(survey(Dialect::Postgres, "bigint", at, &["customer_id"]));
    assert_eq!(
        (
            titles(&findings, Severity::Error),
            titles(&findings, Severity::Warning)
        ),
        (vec![], vec![])
    );
    let fitted = fitted.expect("it fits");
    assert_eq!(fitted.touched_tables(), ["\"box\".\"customers\""]);
    assert_eq!(
        fitted.lock_batch().first().expect("a lock").sql,
        "SELECT count(*) FROM (SELECT 1 FROM \"box\".\"customers\" WHERE \"id\" = ANY (ARRAY(SELECT CASE WHEN \
         jsonb_typeof(subject) = 'number' THEN CAST(subject AS bigint) END FROM lapsed_batch)) ORDER BY \"id\" \
         FOR UPDATE NOWAIT) locked"
    );
}

#[test]
fn types_that_do_not_compare_are_refused_before_anything_is_asked_of_them() {
    let dataset = dataset("milliseconds", "note");
    let survey = survey(Dialect::Postgres, "text", "date", &["customer_id"]);
    assert_eq!(survey.probe(&dataset, VISITS), None);
    let (fitted, findings) = dataset.fit(survey);
    assert!(fitted.is_none());
    assert_eq!(
        titles(&findings, Severity::Error),
        [
            "`box.customers.mark` is of type bigint and cannot become what `note` makes of it",
            "this query names people by text, and their keys are bigint",
            "the instants of `visit` are said to be `milliseconds`, and are of type date",
        ]
    );
}

#[test]
fn a_table_without_a_foreign_key_to_people_is_named() {
    let dataset = dataset("timestamptz", "now");
    let at = "timestamp without time zone";
    let (_, findings) = dataset.fit(survey(Dialect::Postgres, "integer", at, &[]));
    assert_eq!(
        titles(&findings, Severity::Warning),
        [
            "`box.visits.customer_id` has no foreign key to `box.customers`: while somebody is erased, a new row can come in \
             unseen"
        ]
    );
}

#[test]
fn what_only_postgres_has_is_refused_on_sqlite() {
    let dataset = dataset("timestamptz", "now");
    let (_, findings) = dataset.fit(survey(Dialect::Sqlite, "INTEGER", "TEXT", &["customer_id"]));
    assert_eq!(
        titles(&findings, Severity::Error),
        ["the instants of `visit` are said to be `timestamptz`, which only PostgreSQL has"]
    );
}

const SEEN: &str = "SELECT … FROM box.visits";

/// What is found of a file of this description, whose query returns these columns; they are integers.
fn found_of_file(file: &str, columns: &[&str], exported: &str) -> Vec<(Severity, String)> {
    let text = format!(
        "[[export]]\nfile = \"visits.csv\"\nabout = \"Your visits.\"\nquery = \"{SEEN}\"\n{file}\n{exported}"
    );
    let dataset = dataset_that_exports("milliseconds", "now", &text);
    let mut survey = survey(Dialect::Postgres, "bigint", "bigint", &["customer_id"]);
    let column = |name: &&str| QueryColumn {
        name: (*name).to_owned(),
        origin: None,
    };
    let shape = QueryShape {
        columns: columns.iter().map(column).collect(),
    };
    survey.shapes.insert(SEEN.to_owned(), Ok(shape));
    let types = columns
        .iter()
        .map(|name| ((*name).to_owned(), "bigint".to_owned()));
    survey.types.insert(SEEN.to_owned(), types.collect());
    let (_, findings) = dataset.fit(survey);
    findings
        .into_iter()
        .map(|finding| (finding.severity, finding.title))
        .collect()
}

#[test]
fn x1_a_file_whose_columns_are_described_has_no_finding() {
    let columns = ["subject", "at", "with", "is_other", "event_key"];
    let file = "others = [\"with\"]\ninstants = [\"at\"]\nworkgroup = true\ncolumns.at = \"When you came\"";
    let exported = "[exported]\nwith = \"With whom\"\ncustomer = \"Your key\"";
    assert_eq!(found_of_file(file, &columns, exported), []);
}

#[test]
fn x1_a_column_that_nobody_described_and_a_description_that_no_column_needs_are_named() {
    let exported = "[exported]\nat = \"When you came\"\nwiht = \"With whom\"";
    assert_eq!(
        found_of_file("workgroup = true", &["subject", "at", "with"], exported),
        [
            (
                Severity::Error,
                "nobody said what `with`, `customer` in `visits.csv` are".to_owned()
            ),
            (
                Severity::Warning,
                "`wiht` is described, and no column of any exported file needs it".to_owned()
            ),
        ]
    );
}

#[test]
fn x1_what_is_said_of_a_column_is_said_of_one_that_goes_into_the_file() {
    let described = "[exported]\nat = \"When you came\"";
    for (file, columns, title) in [
        (
            "others = [\"wiht\"]",
            &["subject", "at"][..],
            "`visits.csv` has no column `wiht`",
        ),
        (
            "instants = [\"subject\"]",
            &["subject", "at"],
            "`subject` is for lapsed and does not go into the file",
        ),
        (
            "instants = [{ column = \"at\", instants = \"iso8601\" }]",
            &["subject", "at"],
            "the instants in `at` are said to be `iso8601`, and are of type bigint",
        ),
        (
            "",
            &["subject", "at", "is_other"],
            "`visits.csv` says which rows are about other people, and not which columns hold something of them",
        ),
        (
            "",
            &["subject", "at", "at"],
            "`visits.csv` has two columns called `at`",
        ),
        ("", &["at"], "this query returns no `subject`"),
    ] {
        assert_eq!(
            found_of_file(file, columns, described),
            [(Severity::Error, title.to_owned())]
        );
    }
}

#[test]
fn x3_a_workgroups_file_has_one_column_with_the_persons_key() {
    let described = "[exported]\ncustomer = \"Your key\"";
    assert_eq!(
        found_of_file("workgroup = true", &["subject", "customer"], described),
        [(
            Severity::Error,
            "`visits.csv` has a column `customer`, and a workgroup's file has the person's key as `customer`"
                .to_owned()
        )]
    );
}
