//! The end of an archive is withheld until the ledger says that it went out.
//!
//! A ZIP file ends with the record by which programs find everything else in it (APPNOTE 6.3.10, 4.3.16). Whoever has all but
//! its last bytes has no archive yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// How much is withheld: the record is 22 bytes long.
const END: usize = 22;

/// Passes on what is written but for the last bytes.
pub(super) struct Withheld<W> {
    out: W,
    kept: Vec<u8>,
}

impl<W: AsyncWrite + Unpin + Send> Withheld<W> {
    pub(super) fn before(out: W) -> Self {
        Self {
            out,
            kept: Vec::new(),
        }
    }

    /// Passes on the rest.
    pub(super) async fn release(mut self) -> io::Result<()> {
        self.out.write_all(&self.kept).await?;
        self.out.flush().await
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Withheld<W> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // What is kept goes out as soon as there is enough behind it.
        while this.kept.len() + bytes.len() > 2 * END && this.kept.len() > END {
            let surplus = this.kept.len() - END;
            let written = ready!(Pin::new(&mut this.out).poll_write(context, &this.kept[..surplus]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.kept.drain(..written);
        }
        // At most so much is taken over at a time, so that what is kept stays small.
        const PIECE: usize = 64 << 10;
        let taken = bytes.len().min(PIECE);
        this.kept.extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.kept.len() > END {
            let surplus = this.kept.len() - END;
            let written = ready!(Pin::new(&mut this.out).poll_write(context, &this.kept[..surplus]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.kept.drain(..written);
        }
        Pin::new(&mut this.out).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_but_the_end_goes_out_and_the_end_comes_behind_it() {
        let sent: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let mut got = Vec::new();
        let mut withheld = Withheld::before(&mut got);
        for piece in sent.chunks(70_001) {
            withheld.write_all(piece).await.expect("memory");
        }
        withheld.flush().await.expect("memory");
        assert_eq!(withheld.out.len(), sent.len() - END);
        withheld.release().await.expect("memory");
        assert_eq!(got, sent);
    }

    #[tokio::test]
    async fn what_is_shorter_than_the_end_waits_whole() {
        let mut got = Vec::new();
        let mut withheld = Withheld::before(&mut got);
        withheld.write_all(b"short").await.expect("memory");
        withheld.flush().await.expect("memory");
        assert!(withheld.out.is_empty());
        withheld.release().await.expect("memory");
        assert_eq!(got, b"short");
    }
}
