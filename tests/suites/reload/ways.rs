//! Seven ways of saving, each live within three seconds.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::theatre::{TENANT, Theatre, rename_over};

fn copy_folder(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").arg(from).arg(to).status();
    assert!(copied.expect("cp is everywhere").success());
}

#[test]
fn o1_saved_in_place() {
    let mut theatre = Theatre::serving();
    for _ in 0..2 {
        let edit = theatre.next_edit();
        std::fs::write(theatre.file(), &edit).expect("written");
        theatre.is_live(&edit);
    }
}

#[test]
fn o1_renamed_over() {
    let mut theatre = Theatre::serving();
    for _ in 0..2 {
        let edit = theatre.next_edit();
        rename_over(&theatre.file(), &edit);
        theatre.is_live(&edit);
    }
}

#[test]
fn o1_a_link_to_the_folder_is_retargeted() {
    let mut theatre = Theatre::closed();
    let path = |name| theatre.installed.path(name);
    std::fs::rename(path("tenants"), path("first")).expect("renamed");
    symlink("first", path("tenants")).expect("linked");
    theatre.start();
    let edit = theatre.next_edit();
    let path = |name| theatre.installed.path(name);
    copy_folder(&path("first"), &path("second"));
    std::fs::write(path("second").join(format!("{TENANT}.toml")), &edit).expect("written");
    symlink("second", path("next")).expect("linked");
    std::fs::rename(path("next"), path("tenants")).expect("retargeted");
    theatre.is_live(&edit);
    let edit = theatre.next_edit();
    std::fs::write(theatre.file(), &edit).expect("written");
    theatre.is_live(&edit);
}

#[test]
fn o1_a_folder_behind_a_link_is_swapped() {
    let mut theatre = Theatre::closed();
    let path = |name| theatre.installed.path(name);
    std::fs::rename(path("tenants"), path("real")).expect("renamed");
    symlink("real", path("tenants")).expect("linked");
    theatre.start();
    let edit = theatre.next_edit();
    let path = |name| theatre.installed.path(name);
    copy_folder(&path("real"), &path("new"));
    std::fs::write(path("new").join(format!("{TENANT}.toml")), &edit).expect("written");
    std::fs::rename(path("real"), path("old")).expect("moved away");
    std::fs::rename(path("new"), path("real")).expect("moved in its place");
    theatre.is_live(&edit);
}

#[test]
fn o1_the_folder_itself_is_replaced() {
    let mut theatre = Theatre::serving();
    for round in 0..2 {
        let edit = theatre.next_edit();
        let path = |name: &str| theatre.installed.path(name);
        copy_folder(&path("tenants"), &path("new"));
        std::fs::write(path("new").join(format!("{TENANT}.toml")), &edit).expect("written");
        std::fs::rename(path("tenants"), path(&format!("old-{round}"))).expect("moved away");
        std::fs::rename(path("new"), path("tenants")).expect("moved in its place");
        theatre.is_live(&edit);
    }
    assert_eq!(
        theatre
            .daemon()
            .metric(r#"lapsed_policy_reloads_total{result="gone"}"#),
        0.0
    );
}

/// Through another name of the same file, in a folder that nobody watches: the kernel tells the watched folder nothing,
/// just as with a network file system.
#[test]
fn o1_no_event_tells_of_it() {
    let mut theatre = Theatre::closed();
    let elsewhere = theatre.installed.beside("elsewhere.toml");
    std::fs::hard_link(theatre.file(), &elsewhere).expect("linked");
    theatre.start();
    let edit = theatre.next_edit();
    std::fs::write(&elsewhere, &edit).expect("written");
    theatre.is_live(&edit);
}

#[test]
fn o1_a_burst_of_a_thousand_saves() {
    let mut theatre = Theatre::serving();
    let mut edit = theatre.next_edit();
    for save in 0..1_000 {
        edit = format!("{edit}# save {save}\n");
        if save % 2 == 0 {
            rename_over(&theatre.file(), &edit);
        } else {
            std::fs::write(theatre.file(), &edit).expect("written");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    theatre.is_live(&edit);
    let kept = theatre.store.number(&format!(
        "SELECT count(*) FROM lapsed_policy WHERE tenant = '{TENANT}'"
    ));
    assert!(
        kept < 20,
        "{kept} versions: what was saved in passing took effect"
    );
}
