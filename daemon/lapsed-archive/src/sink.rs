//! Where the packer writes: pieces of a fixed size on their way to whoever sends them.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use lapsed_model::Digest;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

/// How much is collected before it goes on its way.
pub(crate) const PIECE: usize = 64 * 1024;

/// The end of the archive that the packer sees.
///
/// The ZIP writer ends an archive also when it is dropped, and would so put a directory behind half a file. A sink that
/// was [abandoned](Abandon) swallows that.
pub(crate) struct Sink {
    to: mpsc::Sender<Vec<u8>>,
    piece: Vec<u8>,
    sha256: Sha256,
    bytes: u64,
    abandoned: Abandon,
}

/// The switch that makes a sink swallow what still comes.
#[derive(Clone, Default)]
pub(crate) struct Abandon(Rc<Cell<bool>>);

impl Abandon {
    /// Nothing goes out any more.
    pub(crate) fn now(&self) {
        self.0.set(true);
    }
}

/// An archive that went out as a whole.
pub(crate) struct Sent {
    pub(crate) bytes: u64,
    pub(crate) sha256: Digest,
}

impl Sink {
    /// A sink with the switch of its owner.
    pub(crate) fn new(to: mpsc::Sender<Vec<u8>>, abandoned: Abandon) -> Self {
        Self {
            to,
            piece: Vec::with_capacity(PIECE),
            sha256: Sha256::new(),
            bytes: 0,
            abandoned,
        }
    }

    /// Sends the rest.
    pub(crate) fn finish(mut self) -> io::Result<Sent> {
        self.send()?;
        Ok(Sent {
            bytes: self.bytes,
            sha256: Digest::from(<[u8; 32]>::from(self.sha256.finalize())),
        })
    }

    fn send(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.to.blocking_send(piece).map_err(|_| {
            self.abandoned.now();
            io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes the archive any more")
        })
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.abandoned.0.get() {
            return Ok(bytes.len());
        }
        let taken = &bytes[..bytes.len().min(PIECE - self.piece.len())];
        self.sha256.update(taken);
        self.bytes += taken.len() as u64;
        self.piece.extend_from_slice(taken);
        if self.piece.len() == PIECE {
            self.send()?;
        }
        Ok(taken.len())
    }

    /// Small pieces would be no sooner there: they are sent when they are full, or at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
