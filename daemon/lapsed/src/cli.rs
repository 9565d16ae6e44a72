//! The command line, as `--help` tells it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use lapsed_model::{Language, TenantName, Workgroup};

/// Keeps every tenant's promises about personal data: people who lapsed are anonymised on time.
///
/// Exit codes: 0 done; 1 findings, or a refusal with its reason; 2 wrong usage; 3 the store is out of reach.
#[derive(Debug, Parser)]
#[command(name = "lapsed", version, max_term_width = 100)]
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
    /// Check settings, policies with their examples, and the dataset against the store: all findings at once
    Check(CheckArgs),
    /// Bring the daemon's own tables to this version
    Migrate(MigrateArgs),
    /// Find people of a tenant by name, number or contact
    Find(FindArgs),
    /// Show who of a workgroup would be anonymised, and by which rule; change nothing
    Plan(PlanArgs),
    /// Carry out a stored plan, or what is left of it
    Apply(ApplyArgs),
    /// Show every rule for one customer, the record and the date behind it, and when the answer changes
    Explain(ExplainArgs),
    /// Anonymise one customer by hand
    Anonymise(AnonymiseArgs),
    /// Show the ledger, or prove that it is whole
    Ledger(LedgerArgs),
    /// Show the policies that were ever in force
    Policy(PolicyArgs),
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

/// `lapsed migrate`
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Show the steps and do none of them
    #[arg(long)]
    pub(crate) plan: bool,
    /// Also create the platform's reference tables, in a store that has none
    #[arg(long)]
    pub(crate) reference_schema: bool,
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

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let parsed = DateTime::parse_from_rfc3339(text);
    parsed
        .map(|instant| instant.to_utc())
        .map_err(|_unreadable| "write an instant, such as `2026-02-28T00:00:00Z`".to_owned())
}

fn word(text: &str) -> Result<String, String> {
    const LONGEST: usize = 200;
    if text.chars().count() > LONGEST {
        return Err(format!("nobody's name is longer than {LONGEST} letters"));
    }
    Ok(text.to_owned())
}
