//! A function's steady clock in the tests' hands: what a function keeps for seconds grows old at once. Never used while
//! something is measured.

use std::fs::File;
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use lab_lambda::Function;

use lab_workspace::builder;

/// The package that stands between the function and the kernel's clock.
const PACKAGE: &str = "lab-clock";

/// The clock of the functions that it governs.
pub struct Clock {
    file: File,
    /// Nanoseconds ahead of the kernel's.
    ahead: AtomicU64,
    variables: [(String, String); 2],
}

impl Clock {
    /// Builds the library, which needs its own file in `folder`. The loader splits its paths at blanks and colons: the folder
    /// must have none.
    pub async fn new(root: &Path, folder: &Path) -> Result<Self> {
        let library = folder.join("clock.so");
        let file = folder.join("clock");
        let text = |path: &Path| path.to_str().map(str::to_owned);
        let paths = text(&library).zip(text(&file));
        let Some((preload, clock)) = paths.filter(|(path, _)| !path.contains([' ', ':'])) else {
            bail!(
                "{} cannot be preloaded: set TMPDIR to a folder without blanks and colons",
                library.display()
            );
        };
        symlink(builder::build_library(root, PACKAGE).await?, &library)
            .with_context(|| format!("cannot create {}", library.display()))?;
        let file =
            File::create_new(&file).with_context(|| format!("cannot create {}", file.display()))?;
        let clock = Self {
            file,
            ahead: AtomicU64::new(0),
            variables: [
                ("LD_PRELOAD".to_owned(), preload),
                ("LAB_CLOCK".to_owned(), clock),
            ],
        };
        clock.advance(Duration::ZERO)?;
        Ok(clock)
    }

    /// Environments of this function go by this clock.
    pub fn govern(&self, function: &mut Function) {
        function.variables.extend(self.variables.clone());
    }

    /// Sets it forward.
    pub fn advance(&self, by: Duration) -> Result<()> {
        let by = u64::try_from(by.as_nanos())?;
        let ahead = self.ahead.fetch_add(by, Ordering::Relaxed) + by;
        self.file
            .write_all_at(&ahead.to_ne_bytes(), 0)
            .context("the clock's file")
    }
}
