//! A network that understands enough of what passes to fail at the worst of moments.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use lapsed_tests::Server;

use crate::town::Town;

/// When the connection of a batch dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before its COMMIT reaches the server.
    BeforeCommit,
    /// When the server has committed, before anybody hears of it.
    BehindCommit,
}

/// Passes on what comes to its port.
pub(crate) struct Wire {
    port: u16,
    plans: Arc<Plans>,
}

#[derive(Default)]
struct Plans {
    dies: Mutex<Option<Moment>>,
    died: AtomicU64,
    /// Whether the next connection that renews a lease falls silent over it.
    silences_a_renewal: AtomicBool,
    made: AtomicU64,
    /// Connections made before this one are silent.
    silent_before: AtomicU64,
    /// Words of a statement at which all that is open falls silent.
    silent_at: Mutex<Option<&'static [u8]>>,
}

impl Plans {
    fn forget(&self) {
        let made = self.made.load(Ordering::SeqCst);
        self.silent_before.store(made + 1, Ordering::SeqCst);
    }
}

/// A town whose machine `a` reaches its server by a wire, and serves.
pub(crate) fn wired() -> (Arc<Server>, Town, Wire) {
    let server = Server::own();
    let mut town = Town::on(&server, &[]);
    let wire = Wire::to(&server);
    let url = wire.url(&town.database);
    town.settles("a", &format!("url = \"{url}\"\nlease_seconds = 2"));
    town.all_serve();
    (server, town, wire)
}

/// One connection.
struct Connection {
    number: u64,
    plans: Arc<Plans>,
    /// Whether the transaction under way erases people.
    erases: AtomicBool,
    /// Whether nothing that the server says arrives any more.
    is_deaf: AtomicBool,
    /// Whether nothing arrives any more, and nobody is told.
    is_silent: AtomicBool,
}

impl Wire {
    /// A way to a server.
    pub(crate) fn to(server: &Server) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the system's choice");
        let port = listener.local_addr().expect("it listens").port();
        let (plans, there) = (Arc::<Plans>::default(), server.port());
        let own = Arc::clone(&plans);
        std::thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                if let Ok(called) = TcpStream::connect(("127.0.0.1", there)) {
                    connect(&own, &caller, &called);
                }
            }
        });
        Wire { port, plans }
    }

    /// Where a daemon finds a database through it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://lapsed@127.0.0.1:{}/{database}", self.port)
    }

    /// The next batch's connection dies at this moment.
    pub(crate) fn dies(&self, moment: Moment) {
        *self.plans.dies.lock().expect("nobody panics with it") = Some(moment);
    }

    /// How many connections died so.
    pub(crate) fn died(&self) -> u64 {
        self.plans.died.load(Ordering::SeqCst)
    }

    /// The next connection that renews a lease is silent from then on, for ever.
    pub(crate) fn silences_a_renewal(&self) {
        self.plans.silences_a_renewal.store(true, Ordering::SeqCst);
    }

    /// Whether that is still to come.
    pub(crate) fn is_to_silence_a_renewal(&self) -> bool {
        self.plans.silences_a_renewal.load(Ordering::SeqCst)
    }

    /// Whatever is open now is silent for ever.
    pub(crate) fn forgets_what_is_open(&self) {
        self.plans.forget();
    }

    /// The same when the next statement passes in which these words stand, and it is lost too.
    pub(crate) fn forgets_what_is_open_at(&self, words: &'static [u8]) {
        *self.plans.silent_at.lock().expect("nobody panics with it") = Some(words);
    }

    /// Whether that is still to come.
    pub(crate) fn is_to_forget(&self) -> bool {
        self.plans
            .silent_at
            .lock()
            .expect("nobody panics with it")
            .is_some()
    }
}

fn connect(plans: &Arc<Plans>, caller: &TcpStream, called: &TcpStream) {
    let connection = Arc::new(Connection {
        number: plans.made.fetch_add(1, Ordering::SeqCst) + 1,
        plans: Arc::clone(plans),
        erases: AtomicBool::new(false),
        is_deaf: AtomicBool::new(false),
        is_silent: AtomicBool::new(false),
    });
    let both = |stream: &TcpStream| stream.try_clone().expect("another handle");
    let (there, back) = ((both(caller), both(called)), (both(called), both(caller)));
    let own = Arc::clone(&connection);
    std::thread::spawn(move || pass(there, |bytes| own.says(bytes)));
    std::thread::spawn(move || pass(back, |_| connection.hears()));
}

/// What becomes of what was read.
enum Fate {
    Arrives,
    IsLost,
    Kills,
}

fn pass((mut from, mut to): (TcpStream, TcpStream), mut fate: impl FnMut(&[u8]) -> Fate) {
    let mut bytes = [0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        match fate(&bytes[..read]) {
            Fate::Arrives if to.write_all(&bytes[..read]).is_ok() => {}
            Fate::IsLost => {}
            Fate::Arrives | Fate::Kills => break,
        }
    }
    // Nobody learns of an end either where nothing arrives any more.
    if matches!(fate(&[]), Fate::IsLost) {
        return;
    }
    // Either may be gone already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

impl Connection {
    fn is_silent(&self) -> bool {
        self.is_silent.load(Ordering::SeqCst) || self.number < self.plans.silent_before.load(Ordering::SeqCst)
    }

    fn says(&self, bytes: &[u8]) -> Fate {
        if contains(bytes, b"UPDATE lapsed_daemon\nSET lease_until")
            && self.plans.silences_a_renewal.swap(false, Ordering::SeqCst)
        {
            self.is_silent.store(true, Ordering::SeqCst);
        }
        {
            let mut silent_at = self.plans.silent_at.lock().expect("nobody panics with it");
            if silent_at.is_some_and(|words| contains(bytes, words)) {
                *silent_at = None;
                self.plans.forget();
            }
        }
        if self.is_silent() {
            return Fate::IsLost;
        }
        if contains(bytes, b"INSERT INTO lapsed_erasure") {
            self.erases.store(true, Ordering::SeqCst);
        }
        if !contains(bytes, b"COMMIT\0") || !self.erases.swap(false, Ordering::SeqCst) {
            return Fate::Arrives;
        }
        let Some(moment) = self.plans.dies.lock().expect("nobody panics with it").take() else {
            return Fate::Arrives;
        };
        self.plans.died.fetch_add(1, Ordering::SeqCst);
        if moment == Moment::BeforeCommit {
            return Fate::Kills;
        }
        self.is_deaf.store(true, Ordering::SeqCst);
        Fate::Arrives
    }

    fn hears(&self) -> Fate {
        match (self.is_silent(), self.is_deaf.load(Ordering::SeqCst)) {
            (true, _) => Fate::IsLost,
            (false, true) => Fate::Kills,
            (false, false) => Fate::Arrives,
        }
    }
}

fn contains(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}
