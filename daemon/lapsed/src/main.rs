//! `lapsed`: the daemon that keeps every tenant's promises about personal data, and its command line.
//!
//! This file is the table of contents: what was asked, who answers, and with which exit code.

mod address;
mod cli;
mod commands;
mod credentials;
mod daemon;
mod failure;
mod files;
mod follow;
mod hands;
mod installation;
mod logs;
mod output;
mod owner;
mod pages;
mod service;
mod settings;
mod stores;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = Output::new(cli.json);
    let done = run(&cli, &mut out).await;
    stores::close().await;
    match done {
        Ok(()) if output::answer_was_cut() => {
            Failure::because("the answer could not be written: is the disk full?").report(&out)
        }
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&out),
    }
}

async fn run(cli: &Cli, out: &mut Output) -> failure::Result {
    match &cli.command {
        Command::Demo(args) => commands::demo::run(args, cli.language, out).await,
        Command::Init(args) => commands::init::run(args, out),
        Command::Run => commands::run::run(&cli.config, out).await,
        Command::Reload => commands::reload::run(&cli.config, out).await,
        Command::Status(args) => commands::status::run(&cli.config, args, out).await,
        Command::Pause(args) => commands::pause::pause(&cli.config, args, out).await,
        Command::Resume(args) => commands::pause::resume(&cli.config, args, out).await,
        Command::Schedule(args) => commands::schedule::run(&cli.config, args, out).await,
        Command::Check(args) => commands::check::run(&cli.config, args, out).await,
        Command::Migrate(args) => commands::migrate::run(&cli.config, args, out).await,
        Command::Find(args) => commands::find::run(&cli.config, args, out).await,
        Command::Plan(args) => commands::plan::run(&cli.config, args, cli.language, out).await,
        Command::Approve(args) => commands::approve::run(&cli.config, args, out).await,
        Command::Apply(args) => commands::apply::run(&cli.config, args, out).await,
        Command::Explain(args) => commands::explain::run(&cli.config, args, cli.language, out).await,
        Command::Anonymise(args) => commands::anonymise::run(&cli.config, args, cli.language, out).await,
        Command::Export(args) => commands::export::run(&cli.config, args, out).await,
        Command::Hold(args) => commands::hold::run(&cli.config, args, out).await,
        Command::Request(args) => commands::request::run(&cli.config, args, out).await,
        Command::Ledger(args) => commands::ledger::run(&cli.config, args, out).await,
        Command::Journal(args) => commands::journal::run(&cli.config, args, out).await,
        Command::Scan(args) => commands::scan::run(&cli.config, args, out).await,
        Command::Keys(args) => commands::keys::run(&cli.config, args, out).await,
        Command::Policy(args) => commands::policy::run(&cli.config, args, out).await,
        Command::Concept(args) => commands::concept::run(&cli.config, args, out).await,
        Command::Schema(args) => commands::schema::run(args, out),
        Command::Completions(args) => commands::completions::run(args, out),
    }
}
