//! Tenants' files take effect while the daemon runs, and only whole ones do (O-1); and what a tenant's report says.
//!
//! Every test runs the real program on a demo of its own. An edit must be live within three seconds, however it is saved;
//! nothing here waits for longer, and nothing waits without looking.

#[path = "service/daemon.rs"]
#[expect(dead_code, reason = "the suite of the service needs more of it")]
mod daemon;
#[path = "command/program.rs"]
#[expect(dead_code, reason = "the suite of the commands needs more of it")]
mod program;

#[path = "reload/broken.rs"]
mod broken;
#[path = "reload/command.rs"]
mod command;
#[path = "reload/gone.rs"]
mod gone;
#[path = "reload/report.rs"]
mod report;
#[path = "reload/theatre.rs"]
mod theatre;
#[path = "reload/ways.rs"]
mod ways;
