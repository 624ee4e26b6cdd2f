//! `cargo book`: builds, serves and checks the book; `preprocess` is what mdBook itself calls.

mod architecture;
mod calibration;
mod check;
mod diff;
mod directives;
mod explorer;
mod facts;
mod figures;
mod freshness;
mod instruments;
mod limits;
mod measured;
mod predictions;
mod preprocessor;
mod principles;
mod serve;
mod tables;
mod truth;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use lab_workspace::Workspace;
use mdbook_driver::MDBook;
use mdbook_preprocessor::Preprocessor as _;

use crate::preprocessor::Workshop;

/// Builds the workshop's book from its chapters, the steps' sources and the results files.
#[derive(Parser)]
#[command(
    name = "cargo book",
    after_help = "Examples:\n  cargo book                 build into target/book\n  cargo book serve           build, serve and rebuild after changes\n  \
                  cargo book check           build, then look for links that lead nowhere"
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Build into target/book (what is done without a command)
    Build,
    /// Build, serve on this machine, rebuild after changes
    Serve {
        /// Address to listen on; port 0 takes any free one
        #[arg(long, default_value = "127.0.0.1:3000")]
        listen: SocketAddr,
    },
    /// Build, then check links, anchors and includes
    Check {
        /// Fail if a step's code is not the one that the reference measured: for publishing
        #[arg(long)]
        fresh: bool,
    },
    /// Used by mdBook, not by people
    #[command(hide = true)]
    Preprocess {
        #[command(subcommand)]
        question: Option<Question>,
    },
}

#[derive(Subcommand)]
enum Question {
    /// Does the preprocessor work for this renderer? The exit code is the answer.
    Supports {
        /// The renderer's name
        renderer: String,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command.unwrap_or(Command::Build)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Build => {
            let workspace = Workspace::load()?;
            let output = build(&workspace)?;
            println!("{}", output.join("index.html").display());
        }
        Command::Serve { listen } => serve::serve(&Workspace::load()?, listen)?,
        Command::Check { fresh } => {
            let workspace = Workspace::load()?;
            let output = build(&workspace)?;
            return check::check(&workspace, &output, fresh);
        }
        Command::Preprocess {
            question: Some(Question::Supports { renderer }),
        } => {
            let workshop = Workshop::new(Workspace::load()?)?;
            let supported = workshop.supports_renderer(&renderer)?;
            return Ok(ExitCode::from(u8::from(!supported)));
        }
        Command::Preprocess { question: None } => {
            let (context, book) = mdbook_preprocessor::parse_input(io::stdin())?;
            let book = Workshop::new(Workspace::load()?)?.run(&context, book)?;
            serde_json::to_writer(io::stdout(), &book)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of the book's own files.
fn source(root: &Path) -> PathBuf {
    root.join("book")
}

/// Builds the HTML and returns its folder.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut book = MDBook::load(source(&workspace.root)).context("book/book.toml")?;
    // In the place of the command that book.toml names for those who run mdBook itself.
    book.with_preprocessor(Workshop::new(workspace.clone())?);
    book.build()?;
    Ok(book.build_dir_for("html"))
}
