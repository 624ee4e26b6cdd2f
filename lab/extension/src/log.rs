//! Log lines as the real extension writes them.

use std::str::FromStr;

/// How important a line is, and from which importance on lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Each request.
    Debug,
    /// What happens once.
    Info,
    /// Requests that cannot be answered.
    Warn,
    /// What ends the extension.
    Error,
    /// Nothing is written.
    None,
}

impl FromStr for Level {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name.to_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARN" => Ok(Self::Warn),
            "ERROR" => Ok(Self::Error),
            "NONE" => Ok(Self::None),
            _ => Err(()),
        }
    }
}

/// Writes a line if it is important enough.
pub fn write(least: Level, level: Level, text: &str) {
    if level >= least {
        let level = format!("{level:?}").to_uppercase();
        println!("[AWS Parameters and Secrets Lambda Extension] {level} {text}");
    }
}
