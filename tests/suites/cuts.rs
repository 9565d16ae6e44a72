//! The server crashes, and the network to it fails: at any moment, to real daemons on PostgreSQL.
//!
//! Whatever was under way, nothing is lost and nothing is done twice; no daemon ends by it, and the work goes on within
//! ten seconds of the server's return. Besides: the ways to a server on which nobody stands in the open, through a
//! pooler, by password, over TLS.
//!
//! `LAPSED_CUTS=500 tests/run cuts` does it more often; `LAPSED_CUTS_SEED=7` at other moments.

#[path = "cuts/chance.rs"]
mod chance;
#[path = "cuts/commit.rs"]
mod commit;
#[path = "cuts/crashes.rs"]
mod crashes;
#[path = "cuts/doors.rs"]
mod doors;
#[path = "nodes/eye.rs"]
mod eye;
#[path = "cuts/migrations.rs"]
mod migrations;
#[path = "cuts/network.rs"]
mod network;
#[path = "nodes/node.rs"]
#[expect(dead_code, reason = "the suite of the machines uses more of it")]
mod node;
#[path = "command/program.rs"]
#[expect(dead_code, reason = "the suites of the command line use more of it")]
mod program;
#[path = "nodes/town.rs"]
#[expect(dead_code, reason = "the suite of the machines uses more of it")]
mod town;
#[path = "nodes/well.rs"]
mod well;
#[path = "cuts/wire.rs"]
mod wire;
