//! The command line, as `--help` tells it.

use std::path::PathBuf;
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use lapsed_model::{ConsentTo, Language, RequestKind, TenantName, Workgroup};

/// The program's version, and that of the clock changes that it knows: a zone's government may have decided another.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let (program, zones) = (env!("CARGO_PKG_VERSION"), lapsed_policy::tz_database());
    format!("{program} (tz database {zones})")
});

/// Keeps every tenant's promises about personal data: people who lapsed are anonymised on time.
///
/// Exit codes: 0 done; 1 findings, or a refusal with its reason; 2 wrong usage; 3 the store or the journal is out of
/// reach; 4 a task of the daemon crashed.
#[derive(Debug, Parser)]
#[command(name = "lapsed", version = VERSION.as_str(), max_term_width = 100)]
pub(crate) struct Cli {
    /// The operator's settings.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "LAPSED_CONFIG",
        default_value = "/etc/lapsed/lapsed.toml"
    )]
    pub(crate) config: PathBuf,
    /// Print JSON: one object, or one object a line.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The language of the rules' sentences: en, de, fr, it, es or bg.
    #[arg(long, global = true, value_name = "LANGUAGE", default_value = "en")]
    pub(crate) language: Language,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a folder with two sample tenants and a filled store, and show the product's main job on it
    Demo(DemoArgs),
    /// Write commented settings, an example tenant, a key ring, and the schemas for editors
    Init(InitArgs),
    /// Run the daemon: schedules, and whatever commands ask for, until it is told to stop
    Run,
    /// Check settings, policies with their examples, and the dataset against the store: all findings at once
    Check(CheckArgs),
    /// Show what runs, what is due next, what waits, what is broken, and which policy is in force; exit code 0 whenever
    /// it could look
    Status(StatusArgs),
    /// Have the daemon read the tenants' files now, and show what took effect and what is broken
    Reload,
    /// Stop erasing, exporting and sending at once, for one tenant or for all
    Pause(PauseArgs),
    /// Let go on what `lapsed pause` stopped
    Resume(ResumeArgs),
    /// Show the schedules and their runs, stop one, or run one now
    Schedule(ScheduleArgs),
    /// Bring the daemon's own tables to this version, or move its records from a file to a server
    Migrate(MigrateArgs),
    /// Find people of a tenant by name, number or contact
    Find(FindArgs),
    /// Show who of a workgroup would be anonymised, and by which rule; change nothing
    Plan(PlanArgs),
    /// Show what a waiting plan is about, and let it go
    Approve(ApproveArgs),
    /// Carry out a stored plan, or what is left of it
    Apply(ApplyArgs),
    /// Show every rule for one customer, the record and the date behind it, and when the answer changes
    Explain(ExplainArgs),
    /// Anonymise one customer by hand
    Anonymise(AnonymiseArgs),
    /// Hand out what is stored: everything about one customer, or the files of a workgroup
    Export(ExportArgs),
    /// Keep people from being anonymised for legal reasons: place, lift and list holds
    Hold(HoldArgs),
    /// Write down what people ask for, answer it, and see what is due
    Request(RequestArgs),
    /// Show the ledger, or prove that it is whole
    Ledger(LedgerArgs),
    /// Look through the erasure journal, or do what follows after a backup was restored
    Journal(JournalArgs),
    /// Look for what should be gone: values of erased people that still stand in the store
    Scan(ScanArgs),
    /// List the keys of the pseudonyms, or add a new one
    Keys(KeysArgs),
    /// Show the policies that were ever in force
    Policy(PolicyArgs),
    /// Write a tenant's deletion concept, in the tenant's language
    Concept(ConceptArgs),
    /// Print the JSON Schema of a file, for editors
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// `lapsed demo`
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The folder to make
    #[arg(default_value = "lapsed-demo")]
    pub(crate) dir: PathBuf,
    /// How many customers to invent
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1_000..=5_000_000))]
    pub(crate) customers: u32,
    /// The same seed makes the same customers
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(crate) seed: i64,
    /// Where the store is made: a file in the folder, or an empty PostgreSQL database in whose schema `public` the role may
    /// create tables, such as `postgres://me@%2Fvar%2Frun%2Fpostgresql/demo`, through the server's socket. Where the role needs a
    /// password, give it in the environment, as PGPASSWORD: the demo makes its folder, credentials and all, anew
    #[arg(long, value_name = "URL", default_value = "sqlite:store.db")]
    pub(crate) store: String,
}

/// `lapsed init`
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder to write to; nothing in it is overwritten
    #[arg(default_value = "/etc/lapsed")]
    pub(crate) dir: PathBuf,
}

/// `lapsed check`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Files to check by themselves: policies, settings or datasets. Without any, everything that the settings
    /// name is checked, the store included
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// `lapsed pause`
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// Whose; everything without one
    pub(crate) tenant: Option<TenantName>,
    /// Who presses the button
    #[arg(long, value_name = "WHO", value_parser = said)]
    pub(crate) by: String,
    /// Why
    #[arg(long, value_name = "WHY", value_parser = said)]
    pub(crate) reason: String,
}

/// `lapsed resume`
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// Whose; the stop of everything without one
    pub(crate) tenant: Option<TenantName>,
}

/// `lapsed schedule`
#[derive(Debug, Args)]
pub(crate) struct ScheduleArgs {
    /// What to do with them
    #[command(subcommand)]
    pub(crate) command: ScheduleCommand,
}

/// `lapsed schedule …`
#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// List the schedules and their next slots, in the tenant's zone
    List {
        /// Whose; all without one
        tenant: Option<TenantName>,
        /// How many slots to show of each
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=50))]
        slots: u8,
    },
    /// Have the daemon do a workgroup's retention now, or its export, beside the schedule
    Now {
        /// Whose
        #[arg(value_name = "TENANT/WORKGROUP")]
        workgroup: Workgroup,
        /// Which job
        #[arg(long, value_name = "JOB", default_value = "retention")]
        job: ScheduledJob,
    },
    /// Stop one schedule
    Pause {
        /// Whose
        #[arg(value_name = "TENANT/WORKGROUP")]
        workgroup: Workgroup,
        /// Who stops it
        #[arg(long, value_name = "WHO", value_parser = said)]
        by: String,
        /// Why
        #[arg(long, value_name = "WHY", value_parser = said)]
        reason: String,
        /// Which job
        #[arg(long, value_name = "JOB", default_value = "retention")]
        job: ScheduledJob,
    },
    /// Let one schedule go on; it counts from now
    Resume {
        /// Whose
        #[arg(value_name = "TENANT/WORKGROUP")]
        workgroup: Workgroup,
        /// Which job
        #[arg(long, value_name = "JOB", default_value = "retention")]
        job: ScheduledJob,
    },
    /// Show the newest runs and what became of them, and the slots that were left out
    History {
        /// Whose; everybody's without one
        #[arg(value_name = "TENANT/WORKGROUP")]
        workgroup: Option<Workgroup>,
        /// Which job of the workgroup
        #[arg(long, value_name = "JOB", default_value = "retention")]
        job: ScheduledJob,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: u32,
    },
}

/// What a workgroup has a schedule for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduledJob {
    /// Planning, and anonymising who is due
    Retention,
    /// Writing the workgroup's files
    Export,
}

impl ScheduledJob {
    /// Its name in the store.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ScheduledJob::Retention => lapsed_policy::RETENTION,
            ScheduledJob::Export => lapsed_policy::EXPORT,
        }
    }
}

/// `lapsed status`
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// One tenant in detail, with the next five slots of each schedule by the tenant's clocks
    pub(crate) tenant: Option<TenantName>,
}

/// `lapsed migrate`
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Show what would be done, and do none of it
    #[arg(long)]
    pub(crate) plan: bool,
    /// Also create the platform's reference tables, in a store that has no tables of a platform: for trying lapsed out
    #[arg(long)]
    pub(crate) reference_schema: bool,
    /// Migrate while daemons serve the store. Only for an upgrade machine by machine, once every one of them runs the new
    /// version
    #[arg(long)]
    pub(crate) beside_daemons: bool,
    /// Move to a server: copy the daemon's own records (ledger, plans, holds, requests and all the rest) from the store in
    /// this file, such as `sqlite:///var/lib/lapsed/store.db`, into the database that the settings name by now. No daemon may
    /// serve either; the platform's tables are the platform's to move, and come first
    #[arg(long, value_name = "URL", conflicts_with_all = ["reference_schema", "beside_daemons"])]
    pub(crate) from: Option<String>,
}

/// `lapsed find`
#[derive(Debug, Args)]
pub(crate) struct FindArgs {
    /// Whose people
    pub(crate) tenant: TenantName,
    /// Words that must all stand in the name, the number or the contact
    #[arg(required = true, num_args = 1..=10, value_parser = word)]
    pub(crate) text: Vec<String>,
    /// How many to show at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) most: u32,
}

/// `lapsed plan`
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Whose people
    #[arg(value_name = "TENANT/WORKGROUP")]
    pub(crate) workgroup: Workgroup,
    /// List everybody who would be anonymised, by key
    #[arg(long)]
    pub(crate) customers: bool,
    /// List the plans that are stored for the workgroup, and where they stand
    #[arg(long, conflicts_with_all = ["save", "customers", "at"])]
    pub(crate) list: bool,
    /// Store the plan, so that `lapsed apply` can carry it out
    #[arg(long, conflicts_with = "at")]
    pub(crate) save: bool,
    /// Look at another instant (RFC 3339) and store nothing
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(crate) at: Option<DateTime<Utc>>,
}

/// `lapsed approve`
#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The plan's id, as `lapsed plan --list` shows it
    pub(crate) plan: String,
    /// Who approves: a name that the tenant's ledger keeps
    #[arg(long, value_name = "WHO", value_parser = said)]
    pub(crate) by: String,
    /// Why, in a sentence that the tenant's ledger keeps: no customer's name belongs in it
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub(crate) reason: String,
}

/// `lapsed concept`
#[derive(Debug, Args)]
pub(crate) struct ConceptArgs {
    /// Whose
    pub(crate) tenant: TenantName,
    /// In another language than the tenant's: en, de, fr, it, es or bg
    #[arg(long = "in", value_name = "LANGUAGE")]
    pub(crate) in_language: Option<Language>,
}

/// `lapsed apply`
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The plan's id, as `lapsed plan --save` gave it
    pub(crate) plan: String,
}

/// `lapsed explain`
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Whose customer
    #[arg(value_name = "TENANT/WORKGROUP")]
    pub(crate) workgroup: Workgroup,
    /// The store's key of the customer; `lapsed find` gives it
    pub(crate) customer: String,
    /// Look at another instant (RFC 3339)
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(crate) at: Option<DateTime<Utc>>,
}

/// `lapsed anonymise`
#[derive(Debug, Args)]
pub(crate) struct AnonymiseArgs {
    /// Whose customer
    #[arg(value_name = "TENANT/WORKGROUP")]
    pub(crate) workgroup: Workgroup,
    /// The store's key of the customer; `lapsed find` gives it
    pub(crate) customer: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Say that you know what is open: future tickets, running memberships, unpaid orders
    #[arg(long)]
    pub(crate) despite_open_business: bool,
}

/// `lapsed ledger`
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// What to do with it
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

/// `lapsed ledger …`
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Show the newest entries of a tenant
    Show {
        /// Whose
        tenant: TenantName,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: u64,
    },
    /// Walk every chain and name every edit, deletion, reordering and truncation
    Verify {
        /// Heads that `lapsed ledger heads` wrote down earlier: what was cut off since shows against them
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
    /// Print the end of every chain, to be kept somewhere else
    Heads,
}

/// `lapsed journal`
#[derive(Debug, Args)]
pub(crate) struct JournalArgs {
    /// What to do with it
    #[command(subcommand)]
    pub(crate) command: JournalCommand,
}

/// `lapsed journal …`
#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Read every line of every folder, and hold them against each other and against the store
    Check,
    /// Erase again whom a restored backup brought back; every start does the same by itself
    ReErase,
}

/// `lapsed scan`
#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// Search after the next sweep of each tenant, whenever the last search was
    #[arg(long)]
    pub(crate) next: bool,
    /// Search now for values that stand on standard input, one a line: mail addresses, phone numbers, full names
    #[arg(long, value_name = "-", value_parser = ["-"], conflicts_with = "next")]
    pub(crate) of: Option<String>,
    /// How many past searches to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) last: u32,
}

/// `lapsed keys`
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    /// What to do with them
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

/// `lapsed keys …`
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the keys, oldest first, and whether the store knows them
    List,
    /// Add a new key to the ring; the old ones stay, for everything that was made with them
    Rotate,
}

/// `lapsed policy`
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// What to show
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

/// `lapsed policy …`
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// List a tenant's policies, the newest first
    List {
        /// Whose
        tenant: TenantName,
    },
    /// Print one, word for word
    Show {
        /// Whose
        tenant: TenantName,
        /// Its hash, or the beginning of it; or the id of a plan that was made under it
        version: String,
    },
}

/// `lapsed schema`
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Of which file
    pub(crate) file: SchemaFile,
}

/// A file that has a schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SchemaFile {
    /// A tenant's policy
    Policy,
    /// The operator's settings
    Settings,
    /// The dataset
    Dataset,
}

/// `lapsed completions`
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// For which shell
    pub(crate) shell: clap_complete::Shell,
}

/// `lapsed export`
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// What to hand out
    #[command(subcommand)]
    pub(crate) command: ExportCommand,
}

/// `lapsed export …`
#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Everything that is stored about one customer, as one ZIP file
    Customer {
        /// The one that the customer belongs to
        #[arg(value_name = "TENANT/WORKGROUP")]
        workgroup: Workgroup,
        /// The store's key of the customer; `lapsed find` gives it
        customer: String,
        /// The file to write, which must not be there yet, or `-` for standard output [default: one of this folder, named
        /// after the workgroup and the customer]
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// The language of its README.txt: en, de, fr, it, es or bg [default: the customer's]
        #[arg(long, value_name = "LANGUAGE")]
        readme: Option<Language>,
        /// How
        #[command(flatten)]
        how: ExportHow,
    },
    /// The customers of a workgroup, their answers to forms and their consents, as one ZIP file
    Workgroup {
        /// Which
        #[arg(value_name = "TENANT/WORKGROUP")]
        workgroup: Workgroup,
        /// The folder to write it to: then nothing removes it by itself but the anonymisation of somebody in it [default: the
        /// folder of the settings, where it goes as the policy says]
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
        /// Only people with this consent, such as `marketing by email`
        #[arg(long, value_name = "CONSENT")]
        only_with_consent: Option<ConsentTo>,
        /// Only people who take part in this event, by the store's key of it
        #[arg(long, value_name = "EVENT")]
        event: Option<String>,
        /// How
        #[command(flatten)]
        how: ExportHow,
    },
    /// List the files of workgroups, those that are gone too
    List {
        /// Whose; everybody's without one
        tenant: Option<TenantName>,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: u32,
    },
}

/// How something is handed out.
#[derive(Debug, Args)]
pub(crate) struct ExportHow {
    /// For whom the files are written, whatever the policy says
    #[arg(long = "for", value_name = "WHOM")]
    pub(crate) profile: Option<ExportProfile>,
    /// Lock it by a password that is made up and shown
    #[arg(long, conflicts_with = "password_file")]
    pub(crate) lock: bool,
    /// Lock it by the password in the first line of a file
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Who asks for it, as the ledger remembers it [default: the user of this machine]
    #[arg(long, value_name = "WHO", value_parser = said)]
    pub(crate) by: Option<String>,
}

/// For whom files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportProfile {
    /// Programs: plain RFC 4180 with commas, and instants by ISO 8601
    Machines,
}

/// `lapsed hold`
#[derive(Debug, Args)]
pub(crate) struct HoldArgs {
    /// What to do
    #[command(subcommand)]
    pub(crate) command: HoldCommand,
}

/// `lapsed hold …`
#[derive(Debug, Subcommand)]
pub(crate) enum HoldCommand {
    /// Place a hold: whoever it lies on is not anonymised until it ends or is lifted, whoever asks
    Add {
        /// On what
        #[command(subcommand)]
        on: HoldOn,
    },
    /// Lift a hold before its end: its people are judged again, and what they asked for meanwhile is carried out
    Lift {
        /// The hold's id, as `lapsed hold list` shows it
        hold: String,
        /// Who lifts it: a name that the tenant's ledger keeps
        #[arg(long, value_name = "WHO", value_parser = said)]
        by: String,
        /// Why; it is forgotten when the person is anonymised
        #[arg(long, value_name = "TEXT", value_parser = said)]
        reason: String,
    },
    /// List the holds in force
    List {
        /// Whose; everybody's without one
        tenant: Option<TenantName>,
        /// Those too that ended or were lifted
        #[arg(long)]
        all: bool,
    },
}

/// `lapsed hold add …`
#[derive(Debug, Subcommand)]
pub(crate) enum HoldOn {
    /// On one customer
    Person {
        /// Whose customer
        #[arg(value_name = "TENANT/WORKGROUP")]
        workgroup: Workgroup,
        /// The store's key of the customer; `lapsed find` gives it
        customer: String,
        /// Who, why and until when
        #[command(flatten)]
        why: HoldWhy,
    },
    /// On a record, such as an order: on everybody whom it leads to
    Record {
        /// Whose record
        tenant: TenantName,
        /// What kind of record: `order`, or whatever else the dataset calls holdable
        kind: String,
        /// What staff call it by: the order's number
        record: String,
        /// Who, why and until when
        #[command(flatten)]
        why: HoldWhy,
    },
    /// On everybody of a tenant
    Tenant {
        /// Which
        tenant: TenantName,
        /// Who, why and until when
        #[command(flatten)]
        why: HoldWhy,
    },
}

/// What every hold says.
#[derive(Debug, Args)]
pub(crate) struct HoldWhy {
    /// Why: the case, the file's number; it is forgotten when the person is anonymised
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub(crate) reason: String,
    /// Who places it: a name that the tenant's ledger keeps
    #[arg(long, value_name = "WHO", value_parser = said)]
    pub(crate) by: String,
    /// The last day of the hold, in the tenant's zone; without one it lasts until it is lifted
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) until: Option<NaiveDate>,
}

/// `lapsed request`
#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    /// What to do
    #[command(subcommand)]
    pub(crate) command: RequestCommand,
}

/// `lapsed request …`
#[derive(Debug, Subcommand)]
pub(crate) enum RequestCommand {
    /// Write down what a customer asks for; the answer is due in a month
    Open {
        /// Whose customer
        #[arg(value_name = "TENANT/WORKGROUP")]
        workgroup: Workgroup,
        /// The store's key of the customer; `lapsed find` gives it
        customer: String,
        /// What they ask for: access, correction, erasure or objection
        kind: RequestKind,
        /// Who writes it down: a name that the tenant's ledger keeps
        #[arg(long, value_name = "WHO", value_parser = said)]
        by: String,
        /// What there is to say about it; it is forgotten when the customer is anonymised
        #[arg(long, value_name = "TEXT", value_parser = said)]
        note: Option<String>,
        /// The day on which it came, in the tenant's zone; today without one
        #[arg(long, value_name = "DATE", value_parser = day)]
        received: Option<NaiveDate>,
    },
    /// List requests, those first that are due first
    List {
        /// Whose; everybody's without one
        tenant: Option<TenantName>,
        /// Only those that nobody answered
        #[arg(long)]
        open: bool,
        /// Only those whose answer is late
        #[arg(long)]
        overdue: bool,
    },
    /// Answer a request, or refuse it with the reason
    Answer {
        /// The request's id, as `lapsed request list` shows it
        request: String,
        /// Who answers: a name that the tenant's ledger keeps
        #[arg(long, value_name = "WHO", value_parser = said)]
        by: String,
        /// What the customer was told
        #[arg(long, value_name = "TEXT", value_parser = said, required_unless_present = "refuse", conflicts_with = "refuse")]
        answer: Option<String>,
        /// Why it is refused, as the customer was told
        #[arg(long, value_name = "REASON", value_parser = said)]
        refuse: Option<String>,
    },
}

fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse()
        .map_err(|_unreadable| "write a day, such as `2027-12-31`".to_owned())
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let parsed = DateTime::parse_from_rfc3339(text);
    parsed
        .map(|instant| instant.to_utc())
        .map_err(|_unreadable| "write an instant, such as `2026-02-28T00:00:00Z`".to_owned())
}

/// A name or a sentence that somebody will read later.
fn said(text: &str) -> Result<String, String> {
    const LONGEST: usize = 500;
    match text.trim() {
        "" => Err("write a word or two".to_owned()),
        text if text.chars().count() > LONGEST => Err(format!("at most {LONGEST} letters are kept")),
        text => Ok(text.to_owned()),
    }
}

fn word(text: &str) -> Result<String, String> {
    const LONGEST: usize = 200;
    if text.chars().count() > LONGEST {
        return Err(format!("nobody's name is longer than {LONGEST} letters"));
    }
    Ok(text.to_owned())
}
