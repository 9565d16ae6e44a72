//! How long this program and the bench's server have had a core.
//!
//! A machine that others work on makes everything slower, and not evenly. What something took of the processor stays
//! what it is, so the ratio of these times can be believed where that of the seconds cannot.

use std::sync::OnceLock;
use std::time::Duration;

/// The server's first process, whose children serve connections.
static SERVER: OnceLock<u32> = OnceLock::new();

/// Has the processes of a server counted too.
pub(crate) fn count_server(process: u32) {
    // A bench has one server.
    let _ = SERVER.set(process);
}

/// How long they have had a core so far; also those that ended meanwhile, once somebody waited for them.
pub(crate) fn used() -> Duration {
    let children = SERVER.get().into_iter().flat_map(|server| children(*server));
    let nanoseconds = children.chain([std::process::id()]).map(ran_for);
    let ended = SERVER
        .get()
        .copied()
        .into_iter()
        .chain([std::process::id()])
        .map(ended);
    Duration::from_nanos(nanoseconds.sum()) + ended.sum()
}

fn children(parent: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    text.split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect()
}

fn ran_for(process: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task"));
    let nanoseconds = threads.into_iter().flatten().flatten().filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    nanoseconds.sum()
}

/// What a process's children had that it has waited for, and theirs: `cutime` and `cstime` (proc(5)), in hundredths.
fn ended(process: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // A program's name may have spaces; it is the second word, and the only one in brackets.
    let behind_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = behind_name.split_whitespace().skip(13).take(2);
    let ticks = ticks.filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}
