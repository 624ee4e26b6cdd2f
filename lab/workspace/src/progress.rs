//! What a person sees while something takes long: a live line on a terminal, plain lines elsewhere, all on standard
//! error, so that standard output holds nothing but results.

use std::io::IsTerminal as _;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Between two plain lines about the same piece of work.
const PLAIN_PAUSE: Duration = Duration::from_secs(30);

/// The live lines: several pieces of work may be in progress at once.
static LIVE: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// One piece of work in progress.
pub struct Progress {
    label: String,
    started: Instant,
    shown: Shown,
}

enum Shown {
    Live(ProgressBar),
    Plain { last: Instant },
}

impl Progress {
    /// Announces a piece of work.
    pub fn start(label: impl Into<String>) -> Self {
        let label = label.into();
        let started = Instant::now();
        let shown = if std::io::stderr().is_terminal() {
            let bar = LIVE.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("{spinner} {prefix}  {elapsed}  {wide_msg}");
            bar.set_style(style.expect("the template above is valid"));
            bar.set_prefix(label.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
            Shown::Live(bar)
        } else {
            eprintln!("{label} ...");
            Shown::Plain { last: started }
        };
        Self {
            label,
            started,
            shown,
        }
    }

    /// Says how far it is.
    pub fn update(&mut self, state: impl Into<String>) {
        match &mut self.shown {
            Shown::Live(bar) => bar.set_message(state.into()),
            Shown::Plain { last } if last.elapsed() >= PLAIN_PAUSE => {
                *last = Instant::now();
                eprintln!(
                    "{}: {} ({})",
                    self.label,
                    state.into(),
                    elapsed(self.started)
                );
            }
            Shown::Plain { .. } => {}
        }
    }

    /// A line that stays, such as a warning.
    pub fn print(&self, line: &str) {
        match &self.shown {
            Shown::Live(_) => LIVE.suspend(|| eprintln!("{line}")),
            Shown::Plain { .. } => eprintln!("{line}"),
        }
    }

    /// Ends it with a line that stays.
    pub fn done(self, result: &str) {
        if let Shown::Live(bar) = &self.shown {
            bar.finish_and_clear();
        }
        let separator = if result.is_empty() { "" } else { ": " };
        self.print(&format!(
            "{}{separator}{result} ({})",
            self.label,
            elapsed(self.started)
        ));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Live(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

/// `7.2 s` or `6 min 12 s`.
pub fn elapsed(since: Instant) -> String {
    let seconds = since.elapsed().as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02} s", seconds as u64 / 60, seconds as u64 % 60)
    }
}
