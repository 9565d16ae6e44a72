//! What people write by mistake, and what they are told.
//!
//! `corpus/` holds real mistakes, one to a file, and beside each the exact answer. Reading these answers is the
//! review: would somebody at a box office know what to do next? `LAPSED_REWRITE=1` writes them anew.

use std::path::{Path, PathBuf};

use lapsed_config::{File, Finding, render, schema};
use lapsed_model::TenantName;
use lapsed_policy::{Limits, POLICY_SHAPE};
use lapsed_store::Address;
use proptest::prelude::*;

#[path = "../../daemon/lapsed/src/address.rs"]
mod address;
#[path = "../../daemon/lapsed/src/files.rs"]
mod files;
#[path = "../../daemon/lapsed/src/settings.rs"]
#[expect(dead_code, reason = "the daemon's own module, of which a suite needs a part")]
mod settings;

use settings::{SETTINGS_SHAPE, Settings};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The files of a folder that end in `.toml`, in the order of their names.
fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of the project");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths
}

/// The findings of a policy file, which is shown under a tenant's usual path.
fn policy_findings(bytes: &[u8]) -> (File, Vec<Finding>) {
    let tenant: TenantName = "stadttheater".parse().expect("a name");
    let now = "2026-11-22T12:00:00Z".parse().expect("an instant");
    match File::from_bytes("tenants/stadttheater.toml", bytes) {
        Ok(file) => {
            let (policy, findings) = lapsed_policy::read(&tenant, &file, &Limits::default(), now);
            assert_eq!(
                policy.is_none(),
                findings.iter().any(Finding::is_error),
                "{findings:#?}"
            );
            (file, findings)
        }
        Err(unreadable) => (unreadable.file, vec![unreadable.finding]),
    }
}

fn settings_findings(bytes: &[u8]) -> (File, Vec<Finding>) {
    match File::from_bytes("lapsed.toml", bytes) {
        Ok(file) => {
            let findings = Settings::parse(&file, Path::new("/etc/lapsed"))
                .err()
                .unwrap_or_default();
            (file, findings)
        }
        Err(unreadable) => (unreadable.file, vec![unreadable.finding]),
    }
}

/// Compares every answer of a folder with the one beside the mistake.
fn answers_are_as_written(folder: &str, findings_of: impl Fn(&[u8]) -> (File, Vec<Finding>)) {
    let rewrite = std::env::var_os("LAPSED_REWRITE").is_some();
    let mut wrong = Vec::new();
    for path in toml_files(&Path::new(ROOT).join(folder)) {
        let (file, findings) = findings_of(&std::fs::read(&path).expect("a file of the corpus"));
        assert!(
            !findings.is_empty(),
            "{} is not seen as a mistake",
            path.display()
        );
        let answer = render(&file, &findings, false);
        let beside = path.with_extension("txt");
        if rewrite {
            std::fs::write(&beside, &answer).expect("the answer is written");
        } else if std::fs::read_to_string(&beside).unwrap_or_default() != answer {
            wrong.push(format!("{}\n{answer}", beside.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "other answers than those written down:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn o1_every_mistake_in_a_policy_is_answered_as_written() {
    answers_are_as_written("corpus/policy", policy_findings);
}

#[test]
fn every_mistake_in_the_settings_is_answered_as_written() {
    answers_are_as_written("corpus/settings", settings_findings);
}

#[test]
fn o1_no_answer_speaks_of_programming() {
    let foreign = [
        "serde",
        "expected",
        "invalid",
        "unexpected",
        "i64",
        "u64",
        "usize",
        "Option",
        "enum",
        "variant",
        "struct",
        "boolean",
        "integer",
        "float",
        "string",
        "array",
        "literal",
        "parse",
        "token",
        "EOF",
        "Some(",
        "None",
    ];
    let mut found = Vec::new();
    for (folder, findings_of) in [
        (
            "corpus/policy",
            &policy_findings as &dyn Fn(&[u8]) -> (File, Vec<Finding>),
        ),
        ("corpus/settings", &settings_findings),
    ] {
        for path in toml_files(&Path::new(ROOT).join(folder)) {
            let (_, findings) = findings_of(&std::fs::read(&path).expect("a file of the corpus"));
            for finding in findings {
                let said = [
                    Some(&finding.title),
                    finding.help.as_ref(),
                    finding.note.as_ref(),
                    finding.label.as_ref(),
                ];
                for said in said.into_iter().flatten() {
                    let words: Vec<&&str> = foreign.iter().filter(|word| said.contains(**word)).collect();
                    if !words.is_empty() {
                        found.push(format!("{}: {said} {words:?}", path.display()));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_finding_says_what_to_do_next() {
    for path in toml_files(&Path::new(ROOT).join("corpus/policy")) {
        let (_, findings) = policy_findings(&std::fs::read(&path).expect("a file of the corpus"));
        for finding in findings {
            assert!(finding.help.is_some(), "{}: {}", path.display(), finding.title);
        }
    }
}

#[test]
fn the_shipped_files_have_no_finding() {
    for path in toml_files(&Path::new(ROOT).join("../config/tenants")) {
        let (file, findings) = policy_findings(&std::fs::read(&path).expect("a shipped file"));
        assert!(
            findings.is_empty(),
            "{}\n{}",
            path.display(),
            render(&file, &findings, false)
        );
    }
    let settings = std::fs::read(Path::new(ROOT).join("../config/lapsed.toml")).expect("a shipped file");
    let (file, findings) = settings_findings(&settings);
    assert!(findings.is_empty(), "{}", render(&file, &findings, false));
}

#[test]
fn the_shipped_settings_name_every_default() {
    let path = Path::new(ROOT).join("../config/lapsed.toml");
    let text = std::fs::read_to_string(&path).expect("a shipped file");
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") && !setting.starts_with("\"stadttheater") => {
                format!("{setting}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let folder = Path::new("/etc/lapsed");
    let read = |text: &str| Settings::parse(&File::new("lapsed.toml", text), folder).expect("settings");
    let (mut all, plain) = (read(&uncommented), read(&text));
    // What shows an example, because without it there is nothing.
    (all.dataset, all.metrics, all.records.backups) = (None, None, None);
    // What this machine is called, on which the test runs.
    all.node.clone_from(&plain.node);
    assert_eq!(all, plain, "what is commented out is what holds without it");
}

#[test]
fn o1_a_link_or_a_pipe_is_no_policy() {
    let world = tempfile::tempdir().expect("a folder");
    let tenants = world.path().join("tenants");
    std::fs::create_dir(&tenants).expect("a folder");
    std::fs::write(world.path().join("secret.toml"), "name = \"someone else\"").expect("a file");
    std::os::unix::fs::symlink("../secret.toml", tenants.join("link.toml")).expect("a link");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        tenants.join("pipe.toml"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .expect("a pipe");
    std::fs::write(tenants.join("Big House.toml"), "").expect("a file");
    std::fs::write(tenants.join("salon.toml"), "name = \"Salon\"").expect("a file");
    std::fs::write(tenants.join("notes.txt"), "not looked at").expect("a file");

    let found = files::tenants(&tenants)
        .map_err(|refused| refused.finding)
        .expect("the folder");

    let said: Vec<String> = found
        .files
        .iter()
        .map(|tenant| match &tenant.file {
            Ok(file) => format!("{}: {}", tenant.tenant, file.text),
            Err(refused) => format!("{}: {}", tenant.tenant, refused.finding.title),
        })
        .collect();
    assert_eq!(
        said,
        [
            "link: a link is not followed here",
            "pipe: this is not an ordinary file",
            "salon: name = \"Salon\""
        ]
    );
    assert_eq!(found.findings.len(), 1, "`Big House.toml` is named");
    assert!(
        files::tenants(&world.path().join("nowhere")).is_err(),
        "a folder that is not there is said to be missing"
    );
}

#[test]
fn relative_paths_start_at_the_settings_folder() {
    let world = tempfile::tempdir().expect("a folder");
    let path = world.path().join("lapsed.toml");
    std::fs::write(&path, "[store]\nurl = \"sqlite:data/store.db\"\n").expect("a file");
    let settings = Settings::read(&path)
        .map_err(|refused| refused.findings)
        .expect("settings");
    let store = Address::File(world.path().join("data/store.db"));
    assert_eq!(settings.store, store);
    assert_eq!(settings.tenants, world.path().join("tenants"));
    assert_eq!(settings.credentials, world.path().join("credentials"));
    assert!(Settings::read(&world.path().join("other.toml")).is_err());
}

fn as_json(path: &Path) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(path).ok()?;
    serde_json::to_value(toml::from_str::<toml::Table>(&text).ok()?).ok()
}

#[test]
fn the_schemas_accept_what_is_shipped_and_refuse_what_is_wrong() {
    let policy = jsonschema::validator_for(&schema("policy", &POLICY_SHAPE)).expect("a schema");
    for path in toml_files(&Path::new(ROOT).join("../config/tenants")) {
        let file = as_json(&path).expect("TOML");
        assert!(
            policy.is_valid(&file),
            "{}: {:?}",
            path.display(),
            policy.validate(&file).map_err(|why| why.to_string())
        );
    }
    let settings = jsonschema::validator_for(&schema("settings", &SETTINGS_SHAPE)).expect("a schema");
    let file = as_json(&Path::new(ROOT).join("../config/lapsed.toml")).expect("TOML");
    assert!(settings.is_valid(&file));

    // Mistakes of form never get as far, and a schema knows nothing of contradictions and calendars.
    for (folder, validator) in [("corpus/policy", &policy), ("corpus/settings", &settings)] {
        let files: Vec<serde_json::Value> = toml_files(&Path::new(ROOT).join(folder))
            .iter()
            .filter_map(|path| as_json(path))
            .collect();
        let refused = files.iter().filter(|file| !validator.is_valid(file)).count();
        assert!(
            refused * 5 >= files.len() * 3,
            "{folder}: only {refused} of {} are refused",
            files.len()
        );
    }
}

/// A shipped policy with one thing done to it: a piece cut out, doubled, or replaced.
fn mutated(text: &str, from: prop::sample::Index, length: usize, with: &str, double: bool) -> String {
    let places: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    let first = from.index(places.len());
    let last = (first + length).min(places.len() - 1);
    let (start, end) = (places[first], places[last]);
    let kept = if double { &text[start..end] } else { "" };
    format!("{}{kept}{with}{kept}{}", &text[..start], &text[end..])
}

/// What slips into a file: marks that mean something, and letters that are none.
const PIECES: [&str; 31] = [
    "",
    "\"",
    "“",
    "”",
    "'",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ",",
    ";",
    ":",
    "#",
    "\n",
    "\r",
    "\t",
    " = ",
    ".",
    "\u{a0}",
    "\\",
    "31.12.2026",
    "true",
    "é",
    "[retention]\n",
    "a = 1\n",
    "\u{1}",
    "𝄞",
    "\0",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_the_reader_panic(
        edits in prop::collection::vec(
            (
                any::<prop::sample::Index>(),
                0..40usize,
                prop::sample::select(PIECES.to_vec()),
                any::<bool>(),
            ),
            1..6,
        ),
        salon in any::<bool>(),
    ) {
        let name = if salon { "salon-lumiere" } else { "stadttheater" };
        let mut text = std::fs::read_to_string(format!("{ROOT}/../config/tenants/{name}.toml")).expect("a shipped file");
        for (from, length, with, double) in edits {
            text = mutated(&text, from, length, with, double);
        }
        let (file, findings) = policy_findings(text.as_bytes());
        prop_assert!(render(&file, &findings, true).len() >= findings.len());
        let again = policy_findings(text.as_bytes()).1;
        prop_assert_eq!(findings, again, "the same file is answered in the same way");
    }
}
