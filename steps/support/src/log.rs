//! Log lines in JSON, which Lambda filters by level and which can be queried by field.

use std::error::Error;
use std::fmt::Write as _;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Sends log lines to standard output from now on, at the level of `AWS_LAMBDA_LOG_LEVEL`, else INFO.
///
/// # Errors
///
/// A logger is installed already.
pub fn init() -> Result<(), crate::BoxError> {
    let level = level(std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().as_deref());
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(targets(level))
        .with(lines)
        .try_init()?;
    Ok(())
}

/// Lambda knows TRACE, DEBUG, INFO, WARN, ERROR and FATAL; `tracing` has no FATAL and no line of ours would carry it.
fn level(setting: Option<&str>) -> LevelFilter {
    match setting {
        Some("FATAL") => LevelFilter::OFF,
        Some(level) => level.parse().unwrap_or(LevelFilter::INFO),
        None => LevelFilter::INFO,
    }
}

/// At INFO the AWS SDK tells about each refresh of its credentials, twice a request in a step that builds a client per
/// request: its crates start one level later.
fn targets(level: LevelFilter) -> Targets {
    let sdk = if level == LevelFilter::INFO {
        LevelFilter::WARN
    } else {
        level
    };
    Targets::new().with_default(level).with_target("aws_", sdk)
}

/// The error and everything behind it, in one line: `error connecting to server: connection refused`.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut last = line.clone();
    let mut source = error.source();
    while let Some(cause) = source {
        // Many errors print their source themselves.
        let text = cause.to_string();
        if !last.ends_with(&text) {
            // Writing to a String cannot fail.
            let _ = write!(line, ": {text}");
        }
        last = text;
        source = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layered(&'static str, Option<Box<Layered>>);

    impl fmt::Display for Layered {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layered {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|source| source as _)
        }
    }

    #[test]
    fn causes_are_joined_and_said_once() {
        let io = Layered("refused", None);
        let repeating = Layered("connect: refused", Some(Box::new(io)));
        let outer = Layered("no database", Some(Box::new(repeating)));
        assert_eq!(causes(&outer), "no database: connect: refused");
    }

    #[test]
    fn levels_are_those_of_lambda() {
        assert_eq!(level(None), LevelFilter::INFO);
        assert_eq!(level(Some("WARN")), LevelFilter::WARN);
        assert_eq!(level(Some("debug")), LevelFilter::DEBUG);
        assert_eq!(level(Some("FATAL")), LevelFilter::OFF);
        assert_eq!(level(Some("loud")), LevelFilter::INFO);
    }

    #[test]
    fn the_sdk_is_quiet_unless_more_is_asked_for() {
        let at = |level, target: &str| targets(level).would_enable(target, &tracing::Level::INFO);
        assert!(at(LevelFilter::INFO, "step_02_reuse_connections::handler"));
        assert!(!at(
            LevelFilter::INFO,
            "aws_smithy_runtime::client::identity"
        ));
        assert!(at(
            LevelFilter::DEBUG,
            "aws_smithy_runtime::client::identity"
        ));
        assert!(!at(
            LevelFilter::ERROR,
            "aws_smithy_runtime::client::identity"
        ));
    }
}
