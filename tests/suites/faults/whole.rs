//! Everything that a store holds, and people who are due in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lapsed_store::Address;
use lapsed_tests::{Platform, World};

/// What the file of a store holds.
pub(crate) async fn whole(path: &Path) -> BTreeMap<String, String> {
    let platform = Platform::on(&Address::from(path));
    let whole = platform.whole().await;
    platform.close().await;
    whole
}

/// The file of a world's store, for stories about files.
pub(crate) fn file_of(world: &World) -> PathBuf {
    match world.address() {
        Address::File(path) => path,
        server @ Address::Server(_) => panic!("{server} is no file"),
    }
}

/// A theatre with so many people who are due.
pub(crate) async fn theatre_with_due_people(people: i64) -> World {
    let world = World::new().await;
    for id in 1..=people {
        world
            .customer(id)
            .ticket("2019-05-04")
            .signed_in("2019-05-01")
            .await;
    }
    world
}
