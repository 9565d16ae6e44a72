//! What the platform left in free pages.
//!
//! The daemon's own connection zeroes what it frees. The platform's may not, and a page that it freed keeps what
//! stood on it until it is used again: names of people whom it deleted itself. SQL cannot see free pages, so the
//! list of them is walked in the file (<https://www.sqlite.org/fileformat.html#the_freelist>).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::Store;

impl Store {
    /// How many bytes lie in free pages with anything on them. Only `VACUUM` removes it. What another connection
    /// has freed and not yet written from the log into the file is not seen.
    pub fn remnants_in_free_pages(path: &Path) -> io::Result<u64> {
        let file = File::open(path)?;
        let header = read(&file, 0, 100)?;
        let page_size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            size => u64::from(size),
        };
        // A damaged list may run in circles; the file has no more pages than this.
        let most = file.metadata()?.len() / page_size.max(512);
        let (mut trunk, mut seen, mut full) = (number(&header, 32), 0, 0);
        while trunk != 0 && seen < most {
            let page = read(&file, u64::from(trunk - 1) * page_size, page_size)?;
            let leaves = number(&page, 4).min(u32::try_from(page_size / 4 - 2).unwrap_or(u32::MAX));
            for leaf in 0..leaves as usize {
                let leaf = number(&page, 8 + 4 * leaf);
                let content = read(&file, u64::from(leaf.saturating_sub(1)) * page_size, page_size)?;
                full += u64::from(content.iter().any(|byte| *byte != 0));
            }
            seen += 1 + u64::from(leaves);
            trunk = number(&page, 0);
        }
        Ok(full * page_size)
    }
}

fn read(file: &File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

fn number(page: &[u8], at: usize) -> u32 {
    page.get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_be_bytes)
}
