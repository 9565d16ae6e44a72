//! The store that is measured, and copies of it.

use std::path::{Path, PathBuf};

use lapsed_model::Plan;
use tempfile::TempDir;

use crate::ours;
use crate::script::Script;
use crate::theatres::Theatres;

/// A folder with one filled store; every measurement that changes something works on a copy.
pub(crate) struct Stores {
    folder: TempDir,
    /// The filled store.
    pub(crate) filled: PathBuf,
    /// How many theatres it has.
    pub(crate) houses: usize,
}

impl Stores {
    /// Fills a store.
    pub(crate) async fn fill(people: usize, houses: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the stores");
        let filled = folder.path().join("filled.db");
        Theatres::build(&filled, people, houses).await.store.close().await;
        Self {
            folder,
            filled,
            houses,
        }
    }

    /// Opens the filled store itself.
    pub(crate) async fn open(&self) -> Theatres {
        Theatres::open(&self.filled, self.houses).await
    }

    /// Stores the plans of both sides in the filled store, for the copies.
    pub(crate) async fn plan(&self) -> Vec<Plan> {
        let theatres = self.open().await;
        let (fitted, cases) = (theatres.fitted().await, theatres.cases());
        let plans = ours::plan(&theatres, &fitted, &cases).await;
        ours::approve(&theatres, &plans).await;
        let mut script = Script::connect(&theatres.path).await;
        script.plan(&theatres, &cases).await;
        script.close().await;
        theatres.store.close().await;
        plans
    }

    /// A copy under this name, on the disk before anybody is measured.
    pub(crate) async fn copy(&self, name: &str) -> Theatres {
        let copy = self.folder.path().join(name);
        remove(&copy);
        std::fs::copy(&self.filled, &copy).expect("room for a copy");
        std::fs::File::open(&copy)
            .and_then(|file| file.sync_all())
            .expect("a copy on the disk");
        Theatres::open(&copy, self.houses).await
    }

    /// A copy for the script, which has it for itself.
    pub(crate) async fn copy_for_script(&self) -> (Theatres, Script) {
        let theatres = self.copy("script.db").await;
        theatres.store.close().await;
        let script = Script::connect(&theatres.path).await;
        (theatres, script)
    }

    /// Makes room.
    pub(crate) fn remove_copies(&self) {
        for name in ["ours.db", "script.db"] {
            remove(&self.folder.path().join(name));
        }
    }
}

/// Removes a store that was closed.
fn remove(path: &Path) {
    for file in [
        path.to_owned(),
        path.with_extension("db-wal"),
        path.with_extension("db-shm"),
    ] {
        // Whatever is not there needs no removing.
        let _ = std::fs::remove_file(file);
    }
}
