//! The operator's settings.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lapsed_config::{
    Complaint, File, Finding, Form, Key, Kind, PERCENT, PERIOD, Shape, Table, Unreadable, nearest,
    parse_percent,
};
use lapsed_jobs::pace::Pace;
use lapsed_jobs::records::RecordPeriods;
use lapsed_model::{Period, Workgroup};
use lapsed_policy::Limits;
use lapsed_store::Address;

use crate::address::{self, SCHEMA, SERVER_URL, STORE_URL};
use crate::files;

/// After so long a silence a daemon is taken for gone.
const LEASE: Duration = Duration::from_secs(45);

/// `lapsed.toml`, with every path made whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where the store is.
    pub(crate) store: Address,
    /// For how long a daemon on PostgreSQL may be silent before others take its runs over.
    pub(crate) lease: Duration,
    /// What this machine is called among several; its host name where nothing is said.
    pub(crate) node: String,
    /// The dataset's file; the shipped reference dataset where there is none.
    pub(crate) dataset: Option<PathBuf>,
    /// The store's keys of workgroups that are not simply TENANT/WORKGROUP.
    pub(crate) workgroups: BTreeMap<String, Workgroup>,
    /// The folder of the tenants' files.
    pub(crate) tenants: PathBuf,
    /// Where the tenants' reports are written.
    pub(crate) reports: ReportFolder,
    /// What a policy may say at most.
    pub(crate) limits: Limits,
    /// Plan and report everywhere, and change nothing.
    pub(crate) watch_only: bool,
    /// How many people one transaction anonymises.
    pub(crate) erase_batch: EraseBatch,
    /// How much of the time scheduled sweeps take on a server, in per cent.
    pub(crate) erase_share: u8,
    /// The folder of the files that are exported for whole workgroups: `exports` beside the store where none is named.
    pub(crate) exports: PathBuf,
    /// The folders of the erasure journal: a folder `journal` beside the store where none is named.
    pub(crate) journal: Vec<PathBuf>,
    /// How long the daemon keeps its own records (O-6).
    pub(crate) records: RecordPeriods,
    /// The credential that holds the key ring of the pseudonyms.
    pub(crate) pseudonyms: String,
    /// Where credentials lie if the service manager hands none over.
    pub(crate) credentials: PathBuf,
    /// Where metrics and health are shown, if anywhere.
    pub(crate) metrics: Option<SocketAddr>,
}

/// A workgroup without people: the operator gave its name in the store to another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{workgroup}` in the store belongs to {of}: say under `[workgroups]` in the settings which key is {workgroup}'s"
)]
pub(crate) struct NoStoreKey {
    workgroup: Workgroup,
    of: Workgroup,
}

/// How many people one transaction anonymises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EraseBatch {
    /// As many as the store takes in a short time.
    Auto,
    /// So many.
    People(u32),
}

/// Where the tenants' reports are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReportFolder {
    /// Nowhere.
    Nowhere,
    /// Into this one, which may be the folder of the tenants' files.
    In(PathBuf),
}

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The file, for showing the findings.
    pub(crate) file: File,
    /// Everything that is wrong with it.
    pub(crate) findings: Vec<Finding>,
}

impl Settings {
    /// Reads a settings file. Relative paths in it start at its own folder.
    pub(crate) fn read(path: &Path) -> Result<Self, Box<Refused>> {
        let file = files::open(path).map_err(|unreadable| {
            let Unreadable { file, mut finding } = *unreadable;
            if finding.help.is_none() {
                finding.help = Some(
                    "`lapsed init` writes one; `--config FILE` or LAPSED_CONFIG names another".to_owned(),
                );
            }
            Box::new(Refused {
                file,
                findings: vec![finding],
            })
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&file, folder).map_err(|findings| Box::new(Refused { file, findings }))
    }

    /// Reads the text of settings that lie in `folder`.
    pub(crate) fn parse(file: &File, folder: &Path) -> Result<Self, Vec<Finding>> {
        let (root, mut findings) = lapsed_config::read(file, &SETTINGS_SHAPE);
        let text = |section: &str, key: &str| {
            root.table(section)
                .and_then(|table| table.text(key))
                .map(|text| text.value)
        };
        let path = |section, key, default| folder.join(text(section, key).unwrap_or(default));
        let limits = root.table("limits");
        let workgroups = workgroups(&root, &mut findings);
        refuse_no_folder(&root, &mut findings);
        let store = text("store", "url")
            .and_then(|url| address::read(url, text("store", "direct_url"), text("store", "schema"), folder));
        let lease = root.table("store").and_then(|store| store.whole("lease_seconds"));
        match store {
            Some(store) if findings.is_empty() => Ok(Self {
                journal: journal(&root, folder, &store),
                exports: match text("exports", "folder") {
                    Some(named) => folder.join(named),
                    None => beside(&store, folder, "exports"),
                },
                records: records(&root),
                store,
                lease: lease
                    .and_then(|seconds| u64::try_from(seconds.value).ok())
                    .map_or(LEASE, Duration::from_secs),
                node: text("store", "node").map_or_else(host_name, str::to_owned),
                dataset: text("store", "dataset").map(|dataset| folder.join(dataset)),
                workgroups,
                tenants: path("tenants", "folder", "tenants"),
                reports: match text("tenants", "reports") {
                    None | Some("beside") => ReportFolder::In(path("tenants", "folder", "tenants")),
                    Some("none") => ReportFolder::Nowhere,
                    Some(named) => ReportFolder::In(folder.join(named)),
                },
                limits: Limits {
                    shortest_anonymise_after: limits
                        .and_then(|limits| limits.parsed("shortest_anonymise_after"))
                        .map_or(Limits::default().shortest_anonymise_after, |period| period.value),
                },
                watch_only: limits
                    .and_then(|limits| limits.yes_no("watch_only"))
                    .is_some_and(|yes| yes.value),
                erase_batch: limits
                    .and_then(|limits| limits.whole("erase_batch"))
                    .and_then(|people| u32::try_from(people.value).ok())
                    .map_or(EraseBatch::Auto, EraseBatch::People),
                erase_share: limits
                    .and_then(|limits| limits.text("erase_share"))
                    .and_then(|share| parse_percent(share.value).ok())
                    .unwrap_or(Pace::SHARE),
                pseudonyms: text("keys", "pseudonyms").unwrap_or("pseudonym-keys").to_owned(),
                credentials: path("credentials", "folder", "credentials"),
                metrics: text("listen", "metrics").and_then(|address| address.parse().ok()),
            }),
            _ => Err(findings),
        }
    }

    /// The workgroup of a store's key, as commands take it.
    #[must_use]
    pub(crate) fn workgroup(&self, store_key: &str) -> String {
        self.workgroups
            .get(store_key)
            .map_or_else(|| store_key.to_owned(), ToString::to_string)
    }

    /// The store's key of a workgroup; where its own name is another workgroup's key, it has none.
    pub(crate) fn store_key(&self, workgroup: &Workgroup) -> Result<String, NoStoreKey> {
        let listed = self.workgroups.iter().find(|(_, listed)| *listed == workgroup);
        let own_name = workgroup.to_string();
        match (listed, self.workgroups.get(&own_name)) {
            (Some((key, _)), _) => Ok(key.clone()),
            (None, None) => Ok(own_name),
            (None, Some(of)) => Err(NoStoreKey {
                workgroup: workgroup.clone(),
                of: of.clone(),
            }),
        }
    }
}

/// The machine's name, asked of the kernel: the unit's sandbox hides the files that say it. Where a machine has no name it is
/// at least not somebody else's.
fn host_name() -> String {
    let system = rustix::system::uname();
    match system.nodename().to_string_lossy().trim() {
        "" => "unnamed".to_owned(),
        name => name.to_owned(),
    }
}

/// The journal's folders.
fn journal(root: &Table, folder: &Path, store: &Address) -> Vec<PathBuf> {
    let named = root.table("journal").and_then(|journal| journal.texts("folders"));
    match named {
        Some(named) => named.iter().map(|text| folder.join(text.value)).collect(),
        None => vec![beside(store, folder, "journal")],
    }
}

/// A folder beside the store's file, or beside the settings of a store on a server.
fn beside(store: &Address, folder: &Path, name: &str) -> PathBuf {
    match store {
        Address::File(file) => file.with_file_name(name),
        Address::Server(_) => folder.join(name),
    }
}

/// The journal in no folder is none, and the same folder twice is one.
fn refuse_no_folder(root: &Table, findings: &mut Vec<Finding>) {
    let Some(folders) = root.table("journal").and_then(|journal| journal.get("folders")) else {
        return;
    };
    let texts = folders.value.as_texts();
    if texts.is_empty() {
        findings.push(
            Finding::error("the erasure journal has no folder")
                .at(folders.value.span.clone())
                .help("name at least one, or leave the line out: then it is kept beside the store, or beside these settings where that is on a server"),
        );
    }
    for (index, text) in texts.iter().enumerate() {
        if texts[..index].iter().any(|other| other.value == text.value) {
            findings.push(
                Finding::error(format!("`{}` is named twice", text.value))
                    .at(text.span.clone())
                    .help("name another folder, on another disk: two copies on one are lost together"),
            );
        }
    }
}

fn records(root: &Table) -> RecordPeriods {
    let shipped = RecordPeriods::default();
    let written = |key: &str| {
        let written = root.table("records").and_then(|records| records.parsed(key));
        written.map(|period| period.value)
    };
    let period = |key: &str, otherwise: Period| written(key).unwrap_or(otherwise);
    RecordPeriods {
        ledger: period("ledger", shipped.ledger),
        journal: period("journal", shipped.journal),
        plans: period("plans", shipped.plans),
        runs: period("runs", shipped.runs),
        requests: period("requests", shipped.requests),
        holds: period("holds", shipped.holds),
        backups: written("backups"),
    }
}

/// Who each of the store's keys belongs to; a workgroup under two keys could not say which it means.
fn workgroups(root: &Table, findings: &mut Vec<Finding>) -> BTreeMap<String, Workgroup> {
    let mut workgroups: BTreeMap<String, Workgroup> = BTreeMap::new();
    for entry in root
        .table("workgroups")
        .map(|table| table.entries.as_slice())
        .unwrap_or_default()
    {
        let Some(text) = entry.value.as_text() else {
            continue;
        };
        let Ok(workgroup) = text.value.parse::<Workgroup>() else {
            continue;
        };
        if let Some((key, _)) = workgroups.iter().find(|(_, listed)| **listed == workgroup) {
            findings.push(
                Finding::error(format!(
                    "`{workgroup}` has two keys: `{key}` and `{}`",
                    entry.key.value
                ))
                .at(text.span)
                .help(
                    "keep one of the two lines: the people of a workgroup stand in the store under one key",
                ),
            );
        }
        workgroups.insert(entry.key.value.clone(), workgroup);
    }
    workgroups
}

static WORKGROUP: Form = Form {
    what: "a workgroup",
    how: "TENANT/WORKGROUP, such as `stadttheater/abonnement`",
    example: "stadttheater/abonnement",
    pattern: Some("^[a-z0-9-]{1,64}/[a-z0-9-]{1,64}$"),
    check: |text| {
        text.parse::<Workgroup>()
            .map(|_| ())
            .map_err(|why| Complaint::help(why.to_string()))
    },
};

static CREDENTIAL: Form = Form {
    what: "the name of a credential",
    how: "the name of a file, without its folder, such as `pseudonym-keys`",
    example: "pseudonym-keys",
    pattern: Some(r"^[A-Za-z0-9_.-]+$"),
    check: |text| {
        let is_plain = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
        if is_plain && !text.trim_matches('.').is_empty() {
            Ok(())
        } else {
            Err(Complaint::default())
        }
    },
};

static REPORTS: Form = Form {
    what: "a place for reports",
    how: "`beside`, `none`, or the path of a folder, such as `/var/lib/lapsed/reports`",
    example: "beside",
    pattern: Some("^(beside|none|.*/.*)$"),
    check: |text| match text {
        "beside" | "none" => Ok(()),
        // A word that was mistyped must not become a folder.
        path if path.contains('/') => Ok(()),
        word => Err(match nearest(word, ["beside", "none"]) {
            Some(near) => Complaint::help(format!("did you mean `{near}`?")),
            None => Complaint::help(format!("a folder is written with its path: `./{word}`")),
        }),
    },
};

static ADDRESS: Form = Form {
    what: "an address to listen on",
    how: "an IP address and a port, such as `127.0.0.1:9464`",
    example: "127.0.0.1:9464",
    pattern: Some(r"^[0-9a-fA-F.:\[\]]+:[0-9]{1,5}$"),
    check: |text| {
        let complaint = |_| match text.strip_prefix("localhost:").unwrap_or(text) {
            port if port.parse::<u16>().is_ok() => Complaint::help(format!("write `\"127.0.0.1:{port}\"`")),
            _ => Complaint::default(),
        };
        text.parse::<SocketAddr>().map(|_| ()).map_err(complaint)
    },
};

/// A settings file.
pub(crate) static SETTINGS_SHAPE: Shape = Shape {
    doc: "The settings of the daemon: whose they are, the operator decides.",
    keys: &[
        Key::required(
            "store",
            Kind::Table(&STORE),
            "[store]",
            "The database that the daemon serves.",
        ),
        Key::new(
            "workgroups",
            Kind::Map {
                names: "the store's key of a workgroup",
                each: &Kind::Form(&WORKGROUP),
            },
            "[workgroups]",
            "Who the store's keys of workgroups belong to; one that is not listed is TENANT/WORKGROUP by itself.",
        ),
        Key::new(
            "tenants",
            Kind::Table(&TENANTS),
            "[tenants]",
            "The tenants' policies.",
        ),
        Key::new(
            "limits",
            Kind::Table(&LIMITS),
            "[limits]",
            "What no policy can override.",
        ),
        Key::new(
            "keys",
            Kind::Table(&KEYS),
            "[keys]",
            "The names of the keys; the keys themselves are credentials.",
        ),
        Key::new(
            "credentials",
            Kind::Table(&CREDENTIALS),
            "[credentials]",
            "Where secrets lie if the service manager hands none over.",
        ),
        Key::new(
            "journal",
            Kind::Table(&JOURNAL),
            "[journal]",
            "Where it is noted who was erased, so that a restored backup brings nobody back.",
        ),
        Key::new(
            "exports",
            Kind::Table(&EXPORTS),
            "[exports]",
            "Where the files lie that are exported for whole workgroups.",
        ),
        Key::new(
            "records",
            Kind::Table(&RECORDS),
            "[records]",
            "How long the daemon keeps its own records.",
        ),
        Key::later("channels", "channels"),
        Key::later("prices", "credits"),
        Key::new(
            "listen",
            Kind::Table(&LISTEN),
            "[listen]",
            "The addresses that the daemon answers on; left out, none.",
        ),
    ],
};

static STORE: Shape = Shape {
    doc: "The database that the daemon serves.",
    keys: &[
        Key::required(
            "url",
            Kind::Form(&STORE_URL),
            "\"sqlite:///var/lib/lapsed/store.db\"",
            "The address of the database; a relative path starts at this file's folder.",
        ),
        Key::new(
            "dataset",
            Kind::Text,
            "\"/etc/lapsed/dataset.toml\"",
            "The file that says where personal data lives; left out, the shipped reference dataset.",
        ),
        Key::new(
            "schema",
            Kind::Form(&SCHEMA),
            "\"lapsed\"",
            "PostgreSQL: where the daemon's own tables live.",
        )
        .or("\"lapsed\""),
        Key::new(
            "direct_url",
            Kind::Form(&SERVER_URL),
            "\"postgres://lapsed@db.example.org:5432/boxoffice\"",
            "PostgreSQL behind a pooler: the server itself, for what needs one connection; left out, `url`.",
        ),
        Key::new(
            "node",
            Kind::Text,
            "\"box-office-1\"",
            "PostgreSQL with several daemons: what this machine is called; left out, its host name.",
        ),
        Key::new(
            "lease_seconds",
            Kind::Whole(2, 60),
            "45",
            "PostgreSQL with several daemons: after so long a silence the others take a daemon's runs over.",
        )
        .or("45"),
    ],
};

static TENANTS: Shape = Shape {
    doc: "The tenants' policies.",
    keys: &[
        Key::new(
            "folder",
            Kind::Text,
            "\"/etc/lapsed/tenants\"",
            "The folder with one file per tenant.",
        )
        .or("\"tenants\""),
        Key::new(
            "reports",
            Kind::Form(&REPORTS),
            "\"beside\"",
            "Where each tenant's report is written: beside its file, into another folder, or not at all.",
        )
        .or("\"beside\""),
        Key::later("grants", "channels"),
    ],
};

static LIMITS: Shape = Shape {
    doc: "What no policy can override.",
    keys: &[
        Key::new(
            "shortest_anonymise_after",
            Kind::Form(&PERIOD),
            "\"30 days\"",
            "No policy may anonymise sooner.",
        )
        .or("\"30 days\""),
        Key::new(
            "watch_only",
            Kind::YesNo,
            "false",
            "Plan and report everywhere, and change nothing.",
        )
        .or("false"),
        Key::new(
            "erase_batch",
            Kind::Either(&[
                Kind::Whole(1, 100_000),
                Kind::Words(&[("auto", "as many as the store takes in a short time")]),
            ]),
            "\"auto\"",
            "How many people one transaction anonymises.",
        )
        .or("\"auto\""),
        Key::new(
            "erase_share",
            Kind::Form(&PERCENT),
            "\"10 %\"",
            "PostgreSQL: how much of the time scheduled erasing takes at most, all daemons together.",
        )
        .or("\"10 %\""),
    ],
};

static LISTEN: Shape = Shape {
    doc: "The addresses that the daemon answers on; left out, none.",
    keys: &[
        Key::new(
            "metrics",
            Kind::Form(&ADDRESS),
            "\"127.0.0.1:9464\"",
            "Where `/metrics` and `/health` are; the metrics name tenants, so keep it local.",
        ),
        Key::later("pages", "pages for customers"),
    ],
};

static JOURNAL: Shape = Shape {
    doc: "Where it is noted who was erased, so that a restored backup brings nobody back.",
    keys: &[Key::new(
        "folders",
        Kind::List(&Kind::Text),
        "[\"/var/lib/lapsed/journal\", \"/mnt/elsewhere/lapsed-journal\"]",
        "Folders that each get a copy; one of them should be out of reach of the machine's snapshots.",
    )],
};

static EXPORTS: Shape = Shape {
    doc: "Where the files lie that are exported for whole workgroups.",
    keys: &[Key::new(
        "folder",
        Kind::Text,
        "\"/var/lib/lapsed/exports\"",
        "The folder; left out, `exports` beside the store's file, or beside this file if the store is on a server.",
    )],
};

static RECORDS: Shape = Shape {
    doc: "How long the daemon keeps its own records.",
    keys: &[
        Key::new(
            "ledger",
            Kind::Form(&PERIOD),
            "\"10 years\"",
            "The particulars of ledger entries, and plans; the chain itself stays.",
        )
        .or("\"10 years\""),
        Key::new(
            "journal",
            Kind::Form(&PERIOD),
            "\"2 years\"",
            "The erasure journal: longer than the oldest backup that may be restored.",
        )
        .or("\"2 years\""),
        Key::new(
            "plans",
            Kind::Form(&PERIOD),
            "\"30 days\"",
            "Who stood in a plan, once it was carried out or ended.",
        )
        .or("\"30 days\""),
        Key::new(
            "runs",
            Kind::Form(&PERIOD),
            "\"90 days\"",
            "Finished runs, skipped slots and searches for remains.",
        )
        .or("\"90 days\""),
        Key::new(
            "requests",
            Kind::Form(&PERIOD),
            "\"3 years\"",
            "People's requests, from their answer on.",
        )
        .or("\"3 years\""),
        Key::new(
            "holds",
            Kind::Form(&PERIOD),
            "\"3 years\"",
            "Legal holds, from their end on.",
        )
        .or("\"3 years\""),
        Key::new(
            "backups",
            Kind::Form(&PERIOD),
            "\"90 days\"",
            "Backups and archived logs of a database on a server, as your own plan keeps them: the deletion concept says it.",
        ),
        Key::later("message_bodies", "channels"),
    ],
};

static KEYS: Shape = Shape {
    doc: "The names of the keys; the keys themselves are credentials.",
    keys: &[Key::new(
        "pseudonyms",
        Kind::Form(&CREDENTIAL),
        "\"pseudonym-keys\"",
        "The credential with the key ring of the ledger's pseudonyms.",
    )
    .or("\"pseudonym-keys\"")],
};

static CREDENTIALS: Shape = Shape {
    doc: "Where secrets lie if the service manager hands none over.",
    keys: &[Key::new(
        "folder",
        Kind::Text,
        "\"/etc/lapsed/credentials\"",
        "A folder of files that only the daemon may read.",
    )
    .or("\"credentials\"")],
};
