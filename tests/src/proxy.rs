//! A network between the daemon and a server, for tests in which it fails.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use crate::server::{ROLE, Server};

/// Passes on what comes to its port, as long as it is let.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    line: Arc<Line>,
}

/// What all connections have in common.
#[derive(Debug, Default)]
struct Line {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    how: How,
    open: Vec<TcpStream>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum How {
    #[default]
    Flows,
    Held,
    Cut,
}

impl Proxy {
    /// A way to a server.
    #[must_use]
    pub fn before(server: &Server) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the system's choice");
        let port = listener.local_addr().expect("it listens").port();
        let (line, there) = (Arc::<Line>::default(), server.port());
        let own = Arc::clone(&line);
        // It ends with the process: a port that nobody calls costs nothing.
        std::thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                own.connect(caller, there);
            }
        });
        Proxy { port, line }
    }

    /// Where the daemon finds a database through it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{}/{database}", self.port)
    }

    /// Every connection dies, and nobody gets a new one.
    pub fn cut(&self) {
        for stream in self.line.turns(How::Cut) {
            // It may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// From now on nothing arrives any more, and nobody is told: a silent network.
    pub fn hold(&self) {
        self.line.turns(How::Held);
    }

    /// All is well again. What was held arrives.
    pub fn go_on(&self) {
        self.line.turns(How::Flows);
    }
}

impl Line {
    /// Changes how it is; answers the connections where they are to die.
    fn turns(&self, how: How) -> Vec<TcpStream> {
        let mut state = self.state.lock().expect("nobody panics with it");
        state.how = how;
        self.changed.notify_all();
        if how == How::Cut {
            std::mem::take(&mut state.open)
        } else {
            Vec::new()
        }
    }

    fn connect(self: &Arc<Self>, caller: TcpStream, there: u16) {
        let mut state = self.state.lock().expect("nobody panics with it");
        if state.how == How::Cut {
            return;
        }
        let Ok(called) = TcpStream::connect(("127.0.0.1", there)) else {
            return;
        };
        let both = |stream: &TcpStream| stream.try_clone().expect("another handle");
        for (from, to) in [(both(&caller), both(&called)), (both(&called), both(&caller))] {
            let line = Arc::clone(self);
            std::thread::spawn(move || line.pass(from, to));
        }
        state.open.extend([caller, called]);
    }

    /// Passes bytes on until one of the ends closes.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 16 << 10];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            let state = self.state.lock().expect("nobody panics with it");
            let held = |state: &mut State| state.how == How::Held;
            drop(
                self.changed
                    .wait_while(state, held)
                    .expect("nobody panics with it"),
            );
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        // Whoever is at the other end learns that this one is gone, unless the line is held: then nobody learns anything.
        let state = self.state.lock().expect("nobody panics with it");
        let held = |state: &mut State| state.how == How::Held;
        drop(
            self.changed
                .wait_while(state, held)
                .expect("nobody panics with it"),
        );
        let _ = to.shutdown(Shutdown::Both);
    }
}
