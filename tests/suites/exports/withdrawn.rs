//! a file that names somebody who was anonymised since is withdrawn, whichever way they were, and whenever.

use std::collections::BTreeMap;
use std::path::Path;

use lapsed_jobs::JobError;
use lapsed_jobs::export::workgroup::Written;
use lapsed_jobs::journal::recover;
use lapsed_jobs::manual::anonymise;
use lapsed_jobs::requests::{Asking, CarriedOut, carry_out, open};
use lapsed_model::{ConsentTo, RequestKind, SubjectKey, Value};
use lapsed_store::ExportState;
use lapsed_tests::{Act, World};

use crate::handed_out::{erase, files_in, known, looked_after, meanwhile, try_write, wanted, written};
use crate::opened::Opened;

/// The file is withdrawn already, and goes when somebody looks after it.
async fn is_withdrawn(world: &World, file: &Written, how: &str) {
    assert_eq!(
        known(world, &file.id).await.state,
        ExportState::Withdrawn,
        "{how}"
    );
    let done = looked_after(world).await;
    assert_eq!(
        (done.withdrawn, done.over + done.taken + done.unknown),
        (1, 0),
        "{how}"
    );
    assert!(!file.path.exists(), "{how}");
    let export = known(world, &file.id).await;
    assert_eq!(export.state, ExportState::Removed, "{how}");
    assert_eq!(
        export.because.as_deref(),
        Some("somebody in it was anonymised"),
        "{how}"
    );
    assert_eq!(export.removed_at, Some(world.now()), "{how}");
    let named = format!("lapsed_export_subject WHERE export = '{}'", file.id);
    assert_eq!(
        world.platform.count(&named).await,
        0,
        "{how}: whom it named is forgotten"
    );
}

/// The file stays, also when somebody looks after it.
async fn stays(world: &World, file: &Written) {
    assert_eq!(looked_after(world).await, Default::default());
    assert_eq!(known(world, &file.id).await.state, ExportState::Finished);
    Opened::file(&file.path);
}

/// Whoever lapsed, and somebody who did not.
async fn theatre() -> World {
    let world = World::with().says("by_customer = true").build().await;
    world.customer(7).ticket("2019-05-04").await;
    world.customer(8).ticket("2026-12-01").await;
    world
}

/// Who asks to be erased, and is.
async fn request(world: &World, customer: i64) {
    let case = world.case();
    let asking = Asking {
        workgroup: &case.workgroup,
        store_key: &case.store_key,
        customer: &customer.to_string(),
        kind: RequestKind::Erasure,
        received_at: None,
        zone: world.policy.zone,
        by: "box office",
        note: None,
    };
    let (request, _) = open(&world.tools().clerk(), &asking).await.expect("a request");
    let became = carry_out(&world.tools(), &case, &request.id).await;
    assert!(matches!(became, Ok(CarriedOut::Anonymised)), "{became:?}");
}

#[tokio::test]
async fn x3_whichever_way_somebody_is_anonymised_the_files_that_name_them_go() {
    for how in ["the sweep", "staff", "the person"] {
        let world = theatre().await;
        let file = written(&world).await;
        stays(&world, &file).await;
        match how {
            "the sweep" => assert_eq!(world.sweep().await.anonymised, 1),
            "staff" => erase(&world, 7).await,
            _ => request(&world, 7).await,
        }
        is_withdrawn(&world, &file, how).await;
    }
}

#[tokio::test]
async fn x3_who_comes_back_with_a_backup_and_is_erased_again_takes_the_files_along() {
    let mut world = theatre().await;
    let backup = world.back_up().await;
    assert_eq!(world.sweep().await.anonymised, 1);
    world.restore(&backup).await;
    // Somebody was quicker than the recovery.
    let file = written(&world).await;
    assert_eq!(
        Opened::file(&file.path).column("customer.csv", "customer"),
        ["7", "8"]
    );
    let recovered = recover(&world.tools(), &BTreeMap::new())
        .await
        .expect("a journal");
    assert_eq!(recovered.restored[0].erased_again, 1);
    is_withdrawn(&world, &file, "recovery").await;
}

#[tokio::test]
async fn x3_the_file_is_withdrawn_with_the_erasure_or_not_at_all() {
    let world = theatre().await;
    let file = written(&world).await;
    let no_room = "no entry today";
    world
        .platform
        .refuses(Act::Insert, "lapsed_ledger", None, no_room)
        .await;
    let anna = SubjectKey::Integer(7);
    let refused = anonymise(&world.tools(), &world.case(), &anna, true).await;
    let why = refused.expect_err("no entry, no effect").to_string();
    assert!(why.contains(no_room), "{why}");
    stays(&world, &file).await;
    world.platform.refuses_no_longer("lapsed_ledger").await;
    erase(&world, 7).await;
    is_withdrawn(&world, &file, "staff").await;
}

#[tokio::test]
async fn x3_every_file_that_names_somebody_goes_and_no_other_one() {
    let world = theatre().await;
    world.customer(9).consent(None).await;
    let folder = world.exports();
    let consent: ConsentTo = "marketing by email".parse().expect("a consent");
    let mut only = wanted(&folder);
    only.consent = Some(&consent);
    let of_nine = try_write(&world, &only, |_| {}).await.expect("a file");
    let (first, second) = (written(&world).await, written(&world).await);
    erase(&world, 7).await;
    assert_eq!(looked_after(&world).await.withdrawn, 2);
    assert!(!first.path.exists() && !second.path.exists());
    stays(&world, &of_nine).await;
    erase(&world, 9).await;
    is_withdrawn(&world, &of_nine, "staff").await;
}

#[tokio::test]
async fn x3_who_moved_to_another_workgroup_still_takes_the_old_ones_file_along() {
    let world = theatre().await;
    let file = written(&world).await;
    world
        .platform
        .run("UPDATE customers SET workgroup = 'theatre/studio' WHERE id = 7")
        .await;
    stays(&world, &file).await;
    let anna = SubjectKey::Integer(7);
    let erased = anonymise(&world.tools(), &world.case_of("studio"), &anna, true).await;
    assert_eq!(erased.expect("somebody of the studio").anonymised, 1);
    is_withdrawn(&world, &file, "in the studio").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x3_who_is_anonymised_while_the_file_is_written_is_not_in_it() {
    for at_report in [1, 2, 4] {
        let world = theatre().await;
        let folder = world.exports();
        let mut reports = 0;
        let written = try_write(&world, &wanted(&folder), |_| {
            reports += 1;
            if reports == at_report {
                meanwhile(erase(&world, 7));
            }
        })
        .await
        .expect("a file");
        let opened = Opened::file(&written.path);
        assert_eq!(opened.column("customer.csv", "customer"), ["8"], "{at_report}");
        assert_eq!(opened.texts().find(|text| text.contains("Anna7")), None);
        assert_eq!(files_in(&folder), std::slice::from_ref(&written.path));
        let first: Vec<String> = world
            .store
            .exports(None, 10)
            .await
            .expect("a list")
            .into_iter()
            .filter(|export| export.id != written.id)
            .filter_map(|export| export.because)
            .collect();
        assert_eq!(first, ["somebody in it was anonymised"], "it was begun anew");
        assert_eq!(world.entries("exported").await.len(), 1);
        stays(&world, &written).await;
    }
}

/// A sweep runs beside the export, and every attempt names somebody whom it anonymises.
#[tokio::test(flavor = "multi_thread")]
async fn x3_who_never_gets_to_the_end_says_so_and_leaves_nothing() {
    let world = World::new().await;
    for customer in 1..=20 {
        world.customer(customer).await;
    }
    let folder = world.exports();
    let mut next = 1;
    let refused = try_write(&world, &wanted(&folder), |progress| {
        if progress.rows == 0 && progress.of_thousand == 0 {
            meanwhile(erase(&world, next));
            next += 1;
        }
    })
    .await;
    let Err(JobError::Refused(refusal)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refusal.code(), "withdrawn");
    assert!(
        refusal.to_string().contains("try again when the sweep is over"),
        "{refusal}"
    );
    assert_eq!(next, 6, "five attempts");
    assert_eq!(files_in(&folder), Vec::<std::path::PathBuf>::new());
    assert!(world.entries("exported").await.is_empty());
}

/// The writer is done with the ledger, and the file has no name yet.
#[tokio::test]
async fn x3_a_file_that_is_withdrawn_before_it_got_its_name_never_gets_one() {
    let world = theatre().await;
    let file = written(&world).await;
    let part = unnamed_again(&file.path);
    erase(&world, 7).await;
    assert_eq!(looked_after(&world).await.withdrawn, 1);
    assert!(!part.exists() && !file.path.exists());
}

#[tokio::test]
async fn x4_a_file_whose_writer_was_killed_before_naming_it_gets_its_name() {
    let world = theatre().await;
    let file = written(&world).await;
    let part = unnamed_again(&file.path);
    assert_eq!(looked_after(&world).await.named, 1);
    assert!(!part.exists());
    stays(&world, &file).await;
}

/// The file as it lay there before it had its name.
fn unnamed_again(path: &Path) -> std::path::PathBuf {
    let name = path.file_name().expect("a name").to_string_lossy();
    let part = path.with_file_name(format!(".{name}.part"));
    std::fs::rename(path, &part).expect("a file of the test's own");
    part
}

/// Keys are known to the letter: 7 is nobody's 70.
#[tokio::test]
async fn x3_a_key_that_begins_alike_withdraws_nothing() {
    let world = theatre().await;
    world.customer(70).with("workgroup", "theatre/studio").await;
    let file = written(&world).await;
    let other = SubjectKey::Integer(70);
    let erased = anonymise(&world.tools(), &world.case_of("studio"), &other, true).await;
    assert_eq!(erased.expect("somebody of the studio").anonymised, 1);
    assert_ne!(world.cell("customers", 70, "anonymised_at").await, Value::Null);
    stays(&world, &file).await;
}
