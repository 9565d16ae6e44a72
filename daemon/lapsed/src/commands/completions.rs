//! `lapsed completions SHELL`

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::failure::Result;
use crate::output::Output;

/// Prints the completion script of a shell.
pub(crate) fn run(args: &CompletionsArgs, out: &Output) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "lapsed", &mut script);
    out.raw(&String::from_utf8_lossy(&script));
    Ok(())
}
