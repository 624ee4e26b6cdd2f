//! What can go wrong while the services start, and what to do about it.

use std::path::PathBuf;

/// Why a service could not be started, stopped or asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be used.
    #[error("{}: {problem}", path.display())]
    Path {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// An operation on the machine failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// A program failed.
    #[error("{program} {problem}{}", said(log))]
    Program {
        /// The program, for example `postgres`.
        program: String,
        /// What happened.
        problem: String,
        /// The last lines that it wrote; empty if it wrote none.
        log: String,
    },
    /// PostgreSQL or Valkey/Redis is missing and cannot be unpacked here.
    #[error("{0}")]
    Missing(String),
    /// A real service answered with an error.
    #[error("{service} refused {request:?}: {message}")]
    Refused {
        /// `PostgreSQL` or `the cache`.
        service: &'static str,
        /// What it was asked.
        request: String,
        /// Its message.
        message: String,
    },
    /// The services' thread has ended: [`crate::Services::stop`] was called, or it panicked.
    #[error("the services have been stopped")]
    Stopped,
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn path(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Self::Path {
            path: path.into(),
            problem: problem.into(),
        }
    }
}

fn said(log: &str) -> String {
    if log.is_empty() {
        String::new()
    } else {
        format!(". It said:\n{log}")
    }
}
