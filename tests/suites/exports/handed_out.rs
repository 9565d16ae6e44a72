//! Handing out what a world has stored.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lapsed_archive::Done;
use lapsed_jobs::JobError;
use lapsed_jobs::explain::{Person, person_of};
use lapsed_jobs::export::ExportCase;
use lapsed_jobs::export::customer::{Asked, export_customer};
use lapsed_jobs::export::files::{LookedAfter, look_after};
use lapsed_jobs::export::workgroup::{Progress, Wanted, Written, export_workgroup};
use lapsed_jobs::manual::anonymise;
use lapsed_model::SubjectKey;
use lapsed_store::{Export, Pause};
use lapsed_tests::World;
use tokio::io::AsyncWrite;

/// The machine that the stories happen on.
pub(crate) const NODE: &str = "box-office";

/// The case of the house.
pub(crate) fn case(world: &World) -> ExportCase<'_> {
    let case = world.case();
    ExportCase::new(&case.workgroup, &case.store_key, &world.policy).expect("a workgroup of the policy")
}

/// Asked for by the box office.
pub(crate) fn asked() -> Asked<'static> {
    Asked {
        by: "Berta at the box office",
        way: "command",
        language: None,
        password: None,
    }
}

/// A customer of the house, as they are known to whoever asks.
pub(crate) async fn person(world: &World, customer: i64) -> Person {
    let case = case(world);
    person_of(
        &world.store,
        &world.fitted,
        &case.workgroup,
        &case.store_key,
        &customer.to_string(),
    )
    .await
    .expect("a customer of the house")
}

/// Sends everything about a customer of the house there.
pub(crate) async fn hand_out<W: AsyncWrite + Unpin + Send>(
    world: &World,
    customer: i64,
    out: W,
) -> Result<Done, JobError> {
    let person = person(world, customer).await;
    export_customer(&world.tools().clerk(), &case(world), &person, &asked(), out).await
}

/// Everything about a customer of the house.
pub(crate) async fn handed_out(world: &World, customer: i64) -> (Done, Vec<u8>) {
    let mut sent = Vec::new();
    let done = hand_out(world, customer, &mut sent).await;
    (done.expect("an archive"), sent)
}

/// The files of the house, for everybody and into the world's folder.
pub(crate) fn wanted(folder: &Path) -> Wanted<'_> {
    Wanted {
        by: "Berta at the box office",
        way: "command",
        consent: None,
        event: None,
        password: None,
        folder,
        node: NODE,
        delete_at: None,
        stop: None,
    }
}

/// Writes what is wanted of the house; `report` hears how far it is.
pub(crate) async fn try_write(
    world: &World,
    wanted: &Wanted<'_>,
    report: impl FnMut(&Progress) + Send,
) -> Result<Written, JobError> {
    export_workgroup(&world.tools().clerk(), &case(world), wanted, report).await
}

/// Writes the files of the house.
pub(crate) async fn written(world: &World) -> Written {
    let folder = world.exports();
    let mut wanted = wanted(&folder);
    wanted.delete_at = Some(case(world).delete_at(world.now()));
    try_write(world, &wanted, |_| {}).await.expect("a file")
}

/// Looks after the files of the machine.
pub(crate) async fn looked_after(world: &World) -> LookedAfter {
    look_after(&world.store, NODE, &world.exports(), world.now())
        .await
        .expect("a folder that can be looked after")
}

/// What the store knows of a file.
pub(crate) async fn known(world: &World, id: &str) -> Export {
    let exports = world
        .store
        .exports(None, 100)
        .await
        .expect("a store that answers");
    let export = exports.into_iter().find(|export| export.id == id);
    export.expect("an export that the store knows")
}

/// The names in the folder of exported files.
pub(crate) fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Staff anonymise a customer of the house.
pub(crate) async fn erase(world: &World, customer: i64) {
    let customer = SubjectKey::Integer(customer);
    let erased = anonymise(&world.tools(), &world.case(), &customer, true).await;
    assert_eq!(erased.expect("somebody who is there").anonymised, 1);
}

/// The operator stops everything of the tenant.
pub(crate) async fn pause(world: &World) {
    let pause = Pause {
        tenant: Some(world.policy.tenant.clone()),
        at: world.now(),
        by: "operator".to_owned(),
        because: "moving house".to_owned(),
    };
    world.store.pause(&pause).await.expect("a pause");
}

/// Does something in the middle of what is not asynchronous.
///
/// On a thread of its own: whoever waits for something on a thread that is in the middle of a task takes the wake-ups that were meant for
/// the task.
pub(crate) fn meanwhile(act: impl Future<Output = ()> + Send) {
    let runtime = tokio::runtime::Handle::current();
    let act = || std::thread::scope(|threads| threads.spawn(|| runtime.block_on(act)).join());
    tokio::task::block_in_place(act).expect("nothing fails meanwhile");
}

/// Somebody who takes what is sent. When the first bytes arrive, something happens.
pub(crate) struct Taker<'s> {
    pub(crate) got: Vec<u8>,
    first: Option<Pin<Box<dyn Future<Output = ()> + Send + 's>>>,
    /// How much they take at all.
    most: usize,
}

impl<'s> Taker<'s> {
    pub(crate) fn with_whom_first(act: impl Future<Output = ()> + Send + 's) -> Self {
        Self {
            got: Vec::new(),
            first: Some(Box::pin(act)),
            most: usize::MAX,
        }
    }

    pub(crate) fn who_goes_away_after(bytes: usize) -> Self {
        Self {
            got: Vec::new(),
            first: None,
            most: bytes,
        }
    }
}

impl AsyncWrite for Taker<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(first) = &mut self.first {
            ready!(first.as_mut().poll(context));
            self.first = None;
        }
        let room = self.most - self.got.len();
        if room == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let taken = &bytes[..bytes.len().min(room)];
        self.got.extend_from_slice(taken);
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
