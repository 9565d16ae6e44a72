//! Files that are removed, and folders out of reach or empty.

use std::time::{Duration, Instant};

use crate::daemon::soon;
use crate::theatre::{TENANT, Theatre};

#[test]
fn o1_a_removed_file_ends_the_schedules_and_a_returning_one_counts_from_then() {
    let mut theatre = Theatre::serving();
    let (ours, others) = (format!("tenant = '{TENANT}'"), format!("tenant <> '{TENANT}'"));
    let (before, text) = (theatre.schedules(&others), theatre.in_force());
    let ledger = format!("SELECT count(*) FROM lapsed_ledger WHERE tenant = '{TENANT}' AND kind = 'policy'");
    let entries = theatre.store.number(&ledger);
    std::fs::remove_file(theatre.file()).expect("removed");
    let removed = Instant::now();
    soon("its end", || theatre.in_force().is_empty().then_some(()));
    assert!(
        removed.elapsed() > Duration::from_secs(9),
        "a folder that is being swapped would lose everybody"
    );
    let awake = format!("SELECT count(*) FROM lapsed_schedule WHERE {ours} AND next_slot_at IS NOT NULL");
    assert_eq!(theatre.store.number(&awake), 0);
    assert_eq!(theatre.schedules(&others), before);
    let gone_at = theatre.store.number("SELECT max(at) FROM lapsed_ledger");
    std::fs::write(theatre.file(), &text).expect("written");
    theatre.is_live(&text);
    assert!(theatre.store.number(&awake) > 0);
    let counts_from = theatre.store.number(&format!(
        "SELECT min(counts_from) FROM lapsed_schedule WHERE {ours}"
    ));
    assert!(counts_from > gone_at, "slots of the time between do not count");
    assert_eq!(
        theatre.store.number(&ledger),
        entries + 2,
        "the end and the return are both written down"
    );
}

#[test]
fn o1_a_file_that_was_removed_while_nobody_served_ends_before_anything_runs() {
    let mut theatre = Theatre::serving();
    theatre.stop();
    std::fs::remove_file(theatre.file()).expect("removed");
    theatre.start();
    assert_eq!(theatre.in_force(), "");
    assert_eq!(
        theatre
            .daemon()
            .metric("lapsed_policy_reloads_total{result=\"gone\"}"),
        1.0
    );
}

#[test]
fn o1_a_folder_out_of_reach_changes_nothing_and_is_no_secret() {
    let mut theatre = Theatre::serving();
    let (good, all) = (theatre.in_force(), theatre.schedules("true"));
    let (tenants, away) = (theatre.installed.path("tenants"), theatre.installed.path("away"));
    std::fs::rename(&tenants, &away).expect("moved away");
    let answer = theatre.installed.lapsed("reload");
    assert_eq!(answer.code, 1);
    assert!(answer.out.contains("everything stays as it is"), "{}", answer.out);
    soon("its word on the health page", || {
        (theatre.daemon().get("/health").0 != 200).then_some(())
    });
    assert_eq!((theatre.in_force(), theatre.schedules("true")), (good, all));
    std::fs::rename(&away, &tenants).expect("moved back");
    assert_eq!(theatre.installed.lapsed("reload").code, 0);
    assert_eq!(theatre.daemon().get("/health").0, 200);
}

#[test]
fn o1_a_disk_that_is_not_mounted_withdraws_nobody_and_is_no_secret() {
    let mut theatre = Theatre::serving();
    let (good, all) = (theatre.in_force(), theatre.schedules("true"));
    let (tenants, away) = (theatre.installed.path("tenants"), theatre.installed.path("away"));
    std::fs::rename(&tenants, &away).expect("moved away");
    std::fs::create_dir(&tenants).expect("the empty folder under the mount");
    let answer = theatre.installed.lapsed("reload");
    assert_eq!(answer.code, 1, "{}", answer.out);
    assert!(answer.out.contains("everything stays as it is"), "{}", answer.out);
    soon("its word on the health page", || {
        let (status, page) = theatre.daemon().get("/health");
        (status != 200 && page.contains("no tenant's file at all")).then_some(())
    });
    // Longer than a single missing file would be waited for.
    std::thread::sleep(Duration::from_secs(13));
    assert_eq!((theatre.in_force(), theatre.schedules("true")), (good, all));
    let log = theatre.daemon().log();
    let told = log
        .lines()
        .filter(|line| line.contains("ERROR") && line.contains("no tenant's file at all"));
    assert_eq!(told.count(), 1, "{log}");
    // A tenant's report may lie in it by now.
    std::fs::remove_dir_all(&tenants).expect("removed");
    std::fs::rename(&away, &tenants).expect("moved back");
    assert_eq!(theatre.installed.lapsed("reload").code, 0);
    assert_eq!(theatre.daemon().get("/health").0, 200);
}
