//! A broken file never takes effect, never touches another tenant, and is forgotten with the next good one.

use lapsed_tests::Act;

use crate::daemon::soon;
use crate::theatre::{TENANT, Theatre, rename_over};

/// What people save by mistake.
const BROKEN: &[&[u8]] = &[
    b"",
    b"name = \"half",
    b"[[[[",
    b"\xff\xfen\x00a\x00m\x00e\x00",
    b"name = \"Theatre\"\nlanguage = \"de\"\ntime_zone = \"Europe/Vieena\"\n[workgroups.studio]\n",
    &[b'x'; 300 * 1024],
];

#[test]
fn o1_any_number_of_broken_saves_changes_nothing_until_the_next_good_one() {
    let mut theatre = Theatre::serving();
    let (good, edit) = (theatre.in_force(), theatre.next_edit());
    for (number, broken) in BROKEN.iter().enumerate() {
        if number % 2 == 0 {
            std::fs::write(theatre.file(), broken).expect("written");
        } else {
            rename_over(&theatre.file(), &String::from_utf8_lossy(broken));
        }
        let answer = theatre.installed.lapsed("reload --json");
        assert_eq!(answer.code, 1, "save {number}: {}{}", answer.out, answer.err);
        let outcome = &answer.objects()[0];
        assert_eq!(outcome["broken"][0]["tenant"], TENANT, "save {number}");
        assert!(
            !outcome["broken"][0]["findings"][0]["title"].is_null(),
            "save {number}"
        );
        assert_eq!(theatre.in_force(), good, "save {number}");
    }
    assert_eq!(
        theatre
            .daemon()
            .metric("lapsed_policy_reloads_total{result=\"took_effect\"}"),
        0.0
    );
    std::fs::write(theatre.file(), &edit).expect("written");
    theatre.is_live(&edit);
    assert_eq!(theatre.installed.lapsed("reload").code, 0);
}

#[test]
fn o1_findings_are_logged_with_their_place_and_once() {
    let mut theatre = Theatre::serving();
    theatre.installed.edit(TENANT, "\"3 years\"", "\"3 yeers\"");
    soon("the finding", || {
        theatre.daemon().log().contains("3 yeers").then_some(())
    });
    for _ in 0..3 {
        let text = std::fs::read_to_string(theatre.file()).expect("the policy is there");
        rename_over(&theatre.file(), &text);
        theatre.installed.lapsed("reload");
    }
    let log = theatre.daemon().log();
    let told: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("WARN") && line.contains("is not a retention period"))
        .collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(
        told[0].contains("line=") && told[0].contains("column="),
        "{}",
        told[0]
    );
}

#[test]
fn o1_a_restart_with_a_broken_file_runs_the_last_good_version() {
    let mut theatre = Theatre::serving();
    let good = theatre.in_force();
    theatre.stop();
    theatre.installed.edit(TENANT, "\"3 years\"", "\"3 yeers\"");
    theatre.start();
    assert_eq!(theatre.in_force(), good);
    let ran = theatre.installed.object(&format!("schedule now {TENANT}/studio"));
    let plan = ran["plan"].as_str().expect("it planned").to_owned();
    let by = theatre.store.text(&format!(
        "SELECT policy_hash FROM lapsed_plan WHERE id = '{plan}'"
    ));
    let last_good = theatre.store.text(&format!(
        "SELECT hash FROM lapsed_policy_in_force WHERE tenant = '{TENANT}'"
    ));
    assert_eq!(by, last_good);
}

#[test]
fn o1_one_broken_file_among_a_hundred_touches_none_of_the_others() {
    let mut theatre = Theatre::closed();
    let text = std::fs::read_to_string(theatre.file()).expect("the policy is there");
    for number in 0..98 {
        let path = theatre.installed.path(&format!("tenants/tenant-{number}.toml"));
        std::fs::write(path, &text).expect("written");
    }
    theatre.start();
    let others = format!("tenant <> '{TENANT}'");
    let (schedules, policies) = (theatre.schedules(&others), policies(&mut theatre));
    assert_eq!(
        theatre
            .store
            .number("SELECT count(*) FROM lapsed_policy_in_force"),
        100
    );
    for broken in BROKEN {
        std::fs::write(theatre.file(), broken).expect("written");
        assert_eq!(theatre.installed.lapsed("reload").code, 1);
        assert_eq!(theatre.schedules(&others), schedules);
        assert_eq!(self::policies(&mut theatre), policies);
    }
}

fn policies(theatre: &mut Theatre) -> String {
    theatre.store.text(
        "SELECT string_agg(concat_ws('|', tenant, hash, since), ' ' ORDER BY tenant) FROM lapsed_policy_in_force",
    )
}

/// A tenant could otherwise have the lines of somebody else's file quoted to it.
#[test]
fn o1_a_file_that_is_a_link_is_refused_and_shows_nothing_of_its_target() {
    let mut theatre = Theatre::serving();
    let good = theatre.in_force();
    let secret = theatre.installed.beside("somebody-elses.toml");
    std::fs::write(&secret, "secret = \"never shown\"\n").expect("written");
    std::fs::remove_file(theatre.file()).expect("removed");
    std::os::unix::fs::symlink(&secret, theatre.file()).expect("linked");
    let answer = theatre.installed.lapsed("reload");
    assert_eq!(answer.code, 1);
    assert!(
        answer.out.contains("a link is not followed here"),
        "{}",
        answer.out
    );
    assert!(!answer.out.contains("never shown") && !theatre.daemon().log().contains("never shown"));
    assert_eq!(theatre.in_force(), good);
}

#[test]
fn o1_what_the_store_refuses_for_one_tenant_touches_no_other_and_is_tried_again() {
    let mut theatre = Theatre::serving();
    let ours = format!("new.tenant = '{TENANT}'");
    theatre.store.does(async |platform| {
        let table = "lapsed_policy";
        platform
            .refuses(Act::Insert, table, Some(&ours), "not this one")
            .await;
    });
    let edit = theatre.next_edit();
    std::fs::write(theatre.file(), &edit).expect("written");
    theatre
        .installed
        .edit("salon-lumiere", "[retention]", "# an edit\n[retention]");
    let answer = theatre.installed.lapsed("reload");
    assert_eq!(answer.code, 1);
    assert!(
        answer.out.contains("stadttheater: the store did not take it"),
        "{}",
        answer.out
    );
    let other =
        "SELECT count(*) FROM lapsed_policy WHERE tenant = 'salon-lumiere' AND text LIKE '%# an edit%'";
    assert_eq!(theatre.store.number(other), 1);
    theatre
        .store
        .does(async |platform| platform.refuses_no_longer("lapsed_policy").await);
    theatre.is_live(&edit);
    let log = theatre.daemon().log();
    assert_eq!(log.matches("the store did not take it").count(), 1, "{log}");
}

#[test]
fn o6_the_concept_describes_what_is_in_force_and_not_what_a_file_says() {
    let mut theatre = Theatre::serving();
    let in_force = format!("SELECT hash FROM lapsed_policy_in_force WHERE tenant = '{TENANT}'");
    let hash = theatre.store.text(&in_force);
    let before = theatre.installed.object(&format!("concept {TENANT}"));
    assert_eq!(before["policy"], hash);
    assert!(before["in_force_since"].is_string(), "{before}");
    theatre.installed.edit(TENANT, "\"3 years\"", "\"4 yeers\"");
    assert_eq!(theatre.installed.lapsed("reload").code, 1);
    let broken = theatre.installed.object(&format!("concept {TENANT}"));
    assert_eq!(
        terms(&broken),
        terms(&before),
        "a broken file changes nothing of it"
    );
    theatre.stop();
    theatre.installed.edit(TENANT, "\"4 yeers\"", "\"4 years\"");
    let edited = theatre.installed.object(&format!("concept {TENANT}"));
    assert_eq!(
        terms(&edited),
        terms(&before),
        "nor does one that nobody has taken up"
    );
    theatre.start();
    let after = theatre.installed.object(&format!("concept {TENANT}"));
    assert_eq!(after["policy"], theatre.store.text(&in_force));
    assert_ne!(terms(&after), terms(&before));
}

/// What a concept says of people, and of which version.
fn terms(concept: &serde_json::Value) -> [&serde_json::Value; 3] {
    [
        &concept["workgroups"],
        &concept["policy"],
        &concept["in_force_since"],
    ]
}
