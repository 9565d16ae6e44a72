//! What lies in the file where SQL cannot see it.
//!
//! The daemon's own connection zeroes what it frees. The platform's may not: a page that it freed keeps what stood on
//! it, and a page in use keeps, between its rows, copies of rows that moved or grew. So the pages of the file are looked
//! through as the format describes them (<https://www.sqlite.org/fileformat.html>). Only `VACUUM` removes what is found.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::Store;

/// How many bytes lie about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remnants {
    /// In free pages with anything on them.
    pub free: u64,
    /// In pages in use, between their rows.
    pub slack: u64,
}

impl Store {
    /// What lies in free pages and between rows. What is still in the log is not seen.
    pub fn remnants_in_pages(path: &Path) -> io::Result<Remnants> {
        let pages = Pages::open(path)?;
        let free = pages.free()?;
        let mut remnants = Remnants::default();
        for number in 1..=pages.count {
            let page = pages.read(number)?;
            if free.leaves.contains(&number) {
                remnants.free += pages.size * u64::from(page.iter().any(|byte| *byte != 0));
            } else if !free.trunks.contains(&number) {
                let header = if number == 1 { 100 } else { 0 };
                remnants.slack += slack(&page, header).unwrap_or_default();
            }
        }
        Ok(remnants)
    }
}

struct Pages {
    file: File,
    size: u64,
    count: u32,
}

/// The list of free pages: trunks hold the numbers of leaves, and leaves hold nothing.
#[derive(Default)]
struct Free {
    trunks: BTreeSet<u32>,
    leaves: BTreeSet<u32>,
}

impl Pages {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut header = [0; 100];
        file.read_exact_at(&mut header, 0)?;
        let size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            size => u64::from(size.max(512)),
        };
        let count = u32::try_from(file.metadata()?.len() / size).unwrap_or(u32::MAX);
        Ok(Self { file, size, count })
    }

    fn read(&self, number: u32) -> io::Result<Vec<u8>> {
        let mut page = vec![0; usize::try_from(self.size).unwrap_or_default()];
        self.file
            .read_exact_at(&mut page, u64::from(number.saturating_sub(1)) * self.size)?;
        Ok(page)
    }

    fn free(&self) -> io::Result<Free> {
        let mut free = Free::default();
        let mut trunk = long(&self.read(1)?, 32).unwrap_or_default();
        // A damaged list may run in circles.
        while (1..=self.count).contains(&trunk) && free.trunks.insert(trunk) {
            let page = self.read(trunk)?;
            let leaves = long(&page, 4).unwrap_or_default() as usize;
            free.leaves
                .extend((0..leaves).map_while(|leaf| long(&page, 8 + 4 * leaf)));
            trunk = long(&page, 0).unwrap_or_default();
        }
        Ok(free)
    }
}

/// How many bytes of a b-tree page are neither header, pointer nor cell, and not zero; `None` for other pages.
fn slack(page: &[u8], header: usize) -> Option<u64> {
    let pointers = match page.get(header)? {
        2 | 5 => header + 12,
        10 | 13 => header + 8,
        _ => return None,
    };
    let cells = usize::from(short(page, header + 3)?);
    let content = match usize::from(short(page, header + 5)?) {
        0 => 65_536,
        content => content,
    };
    let gap = page.get(pointers + 2 * cells..content)?;
    let mut lying = gap.iter().filter(|byte| **byte != 0).count();
    let mut block = usize::from(short(page, header + 1)?);
    // Free blocks are a list in rising order; their first four bytes are the list itself.
    while block >= content {
        let (next, length) = (
            usize::from(short(page, block)?),
            usize::from(short(page, block + 2)?),
        );
        lying += page
            .get(block + 4..block + length)?
            .iter()
            .filter(|byte| **byte != 0)
            .count();
        block = if next > block { next } else { 0 };
    }
    Some(lying as u64)
}

fn short(page: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(page.get(at..at + 2)?.try_into().ok()?))
}

fn long(page: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(page.get(at..at + 4)?.try_into().ok()?))
}
