//! The erasure journal (O-4): a crash and a restored backup are told apart, and nobody whom a backup brings back stays.

#[path = "command/program.rs"]
#[expect(dead_code, reason = "the suites of the command line use more of it")]
mod program;

mod journal {
    mod commands;
    mod cut_short;
    mod drill;
    mod emptied;
    mod folders;
    mod kills;
    mod lines;
    mod names_nobody;
    mod others;
    mod periods;
    mod remains;
    mod restored;
    mod rotation;
    mod town;
}
