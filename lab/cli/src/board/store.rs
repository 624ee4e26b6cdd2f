//! The board's file. What was acknowledged is on the disk: a board that was killed shows it again.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use nix::fcntl::{Flock, FlockArg};

use super::record::Record;

/// Where records are kept. Only one board at a time has the file.
#[derive(Debug)]
pub struct Store {
    file: Flock<File>,
    /// The last line has no end: it was torn, and is none of the records.
    torn: bool,
}

/// What was in the file.
#[derive(Debug)]
pub struct Loaded {
    /// For what follows.
    pub store: Store,
    /// In their order.
    pub records: Vec<Record>,
    /// What was skipped, a sentence each.
    pub skipped: Vec<String>,
}

impl Store {
    /// Opens the file, which need not be there yet, and reads what it holds.
    ///
    /// # Errors
    /// Another board has the file, or it cannot be read or written.
    pub fn open(path: &Path) -> Result<Loaded> {
        let name = path.display();
        let options = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .clone();
        let file = options
            .open(path)
            .with_context(|| format!("cannot open {name}, where the board keeps its entries"))?;
        let mut file = Flock::lock(file, FlockArg::LockExclusiveNonblock)
            .map_err(|(_, error)| error)
            .with_context(|| {
                format!("another board keeps its entries in {name}: end it, or name another file with --file")
            })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {name}"))?;
        let (mut records, mut skipped) = (Vec::new(), Vec::new());
        let ended = bytes.is_empty() || bytes.ends_with(b"\n");
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        for (index, line) in lines.iter().enumerate() {
            let number = index + 1;
            match serde_json::from_slice(line) {
                Ok(record) => records.push(record),
                Err(_) if line.trim_ascii().is_empty() => {}
                Err(_) if number == lines.len() => skipped.push(format!(
                    "{name}, line {number}, the last one, breaks off: it was not acknowledged, and is skipped"
                )),
                Err(error) => {
                    skipped.push(format!("{name}, line {number} is skipped: {error}"));
                }
            }
        }
        Ok(Loaded {
            store: Self { file, torn: !ended },
            records,
            skipped,
        })
    }

    /// Appends records, and waits until the disk has them.
    ///
    /// # Errors
    /// The disk is full or broken: nothing may be acknowledged.
    pub fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let mut text = String::new();
        if self.torn {
            text.push('\n');
        }
        for record in records {
            text += &serde_json::to_string(record)?;
            text.push('\n');
        }
        // Until all of it is there, what is there may break off anywhere.
        self.torn = true;
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()?;
        self.torn = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::record::What;

    fn record(line: &str) -> Record {
        Record {
            at: "2026-11-28T20:00:00Z".to_owned(),
            what: What::Line(line.to_owned()),
        }
    }

    #[test]
    fn a_file_that_breaks_off_anywhere_gives_back_all_whole_lines_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.jsonl");
        let records = [record("one"), record("zwö"), record("three")];
        Store::open(&path).unwrap().store.append(&records).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
            // A line is whole when its end is missing only.
            let expected = ends.iter().filter(|end| length >= **end).count();
            let mut loaded = Store::open(&path).unwrap();
            assert_eq!(loaded.records, records[..expected], "{length} bytes");
            let torn = length > 0 && !ends.contains(&length) && !ends.contains(&(length - 1));
            assert_eq!(
                loaded.skipped.len(),
                usize::from(torn),
                "{length} bytes: {:?}",
                loaded.skipped
            );
            assert!(
                loaded
                    .skipped
                    .iter()
                    .all(|said| said.contains("breaks off"))
            );

            // What is torn harms nothing that comes after it.
            loaded.store.append(&[record("later")]).unwrap();
            drop(loaded);
            let again = Store::open(&path).unwrap();
            assert_eq!(again.records.len(), expected + 1, "{length} bytes");
            assert_eq!(again.records.last(), Some(&record("later")));
        }
    }

    #[test]
    fn two_boards_do_not_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.jsonl");
        let first = Store::open(&path).unwrap();
        let error = format!("{:#}", Store::open(&path).unwrap_err());
        assert!(error.contains("another board"), "{error}");
        drop(first);
        Store::open(&path).unwrap();
    }
}
