//! Several machines serve one store on PostgreSQL: real daemons, which are killed, sleep past their leases and come back.
//!
//! Whatever happens to any of them, every slot is done once, everybody who lapsed is anonymised once, and each machine's
//! journal knows of it. The machines hold leases of two seconds here, so that losing one does not take its time.
//!
//! `LAPSED_NODES_ROUNDS=1000 tests/run nodes` has more happen to them; a list of misfortunes that something came of is
//! printed, and `LAPSED_NODES_FAULTS='a stops, b is killed, …'` has exactly these happen again.

#[path = "nodes/commands.rs"]
mod commands;
#[path = "nodes/eye.rs"]
mod eye;
#[path = "nodes/faults.rs"]
mod faults;
#[path = "nodes/fenced.rs"]
mod fenced;
#[path = "nodes/journals.rs"]
mod journals;
#[path = "nodes/node.rs"]
mod node;
#[path = "nodes/policies.rs"]
mod policies;
#[path = "command/program.rs"]
#[expect(dead_code, reason = "the suites of the command line use more of it")]
mod program;
#[path = "nodes/refused.rs"]
mod refused;
#[path = "nodes/share.rs"]
mod share;
#[path = "nodes/town.rs"]
#[expect(dead_code, reason = "the suite of the cuts uses more of it")]
mod town;
#[path = "nodes/upgrade.rs"]
mod upgrade;
#[path = "nodes/well.rs"]
mod well;
