//! Reading a journal from its end: it may be hundreds of megabytes, and what matters at a start are its last lines.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A file, and how much of it was not read yet.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    unread: u64,
    buffer: Vec<u8>,
}

const PIECE: u64 = 1 << 16;

impl Tail {
    /// Begins behind the last whole line of the file.
    pub(super) fn new(mut file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let unread = super::folder::whole_lines(&mut file, length)?;
        Ok(Self {
            file,
            unread,
            buffer: Vec::new(),
        })
    }

    /// At most `most` lines, the last one first, without their ends; none at the beginning of the file.
    pub(super) fn next(&mut self, most: usize) -> io::Result<Vec<Vec<u8>>> {
        let mut lines = Vec::new();
        while lines.len() < most {
            match self.line()? {
                Some(line) => lines.push(line),
                None => break,
            }
        }
        Ok(lines)
    }

    /// The buffer ends with the end of the line that is looked for.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            let body = self.buffer.len().saturating_sub(1);
            let unsearched = &self.buffer[..body.saturating_sub(searched)];
            if let Some(newline) = unsearched.iter().rposition(|byte| *byte == b'\n') {
                let mut line = self.buffer.split_off(newline + 1);
                line.pop();
                return Ok(Some(line));
            }
            if self.unread == 0 {
                let mut line = std::mem::take(&mut self.buffer);
                return Ok(line.pop().map(|_newline| line));
            }
            searched = body;
            self.read_on()?;
        }
    }

    fn read_on(&mut self) -> io::Result<()> {
        let from = self.unread.saturating_sub(PIECE);
        let mut piece = vec![0; usize::try_from(self.unread - from).unwrap_or_default()];
        self.file.read_exact_at(&mut piece, from)?;
        piece.append(&mut self.buffer);
        (self.buffer, self.unread) = (piece, from);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_last_line_comes_first_and_a_torn_one_not_at_all() {
        let lines: Vec<String> = (0..500)
            .map(|n| format!("{n}:{}", "x".repeat(n * 7 % 900)))
            .collect();
        let mut file = tempfile::tempfile().expect("a file");
        for line in &lines {
            writeln!(file, "{line}").expect("room");
        }
        write!(file, "torn").expect("room");
        let mut tail = Tail::new(file).expect("a tail");
        let mut read = Vec::new();
        loop {
            let piece = tail.next(7).expect("lines");
            if piece.is_empty() {
                break;
            }
            read.extend(
                piece
                    .into_iter()
                    .map(|line| String::from_utf8(line).expect("text")),
            );
        }
        read.reverse();
        assert_eq!(read, lines);
    }

    #[test]
    fn an_empty_file_has_no_line() {
        let mut tail = Tail::new(tempfile::tempfile().expect("a file")).expect("a tail");
        assert!(tail.next(3).expect("lines").is_empty());
    }
}
