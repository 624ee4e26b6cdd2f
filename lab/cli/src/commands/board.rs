//! `lab board`: a page that shows a room's results while they come in.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use lab_results::leaderboard::Result as Measured;
use lab_results::view::compare::{self, Named};
use lab_workspace::Workspace;
use lab_workspace::prediction::Prediction;
use tokio::net::TcpListener;

use crate::board::record::What;
use crate::board::store::{Loaded, Store};
use crate::board::{Board, Settings, address, demo, routes, server};

const EXAMPLES: &str = "\
Examples:
  cargo lab board                          on this machine alone
  cargo lab board --lan --code stadium     for the room: who knows the word may send
  cargo lab board --demo                   twelve invented people, to see it the evening before
  then, in the room:
    cargo lab run 04 mine --label ada --board http://HOST:8080/ --code stadium
    curl -H 'X-Board-Code: stadium' --data @line http://HOST:8080/
    or paste the line on the page

data/results/README.md describes the addresses and the file.";

/// Between two invented people.
const DEMO_PAUSE: Duration = Duration::from_millis(1500);

/// Show a room's results on a page that fills by itself, and ask the chapters' questions.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct BoardCommand {
    /// Port; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
    /// Listen on every address of this machine: all who reach it over the network see the board and may send, unencrypted.
    /// Without it only this machine does
    #[arg(long)]
    lan: bool,
    /// Where entries are kept; a board that starts again shows them [default: data/results/local-board.jsonl]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Only who knows this word may send
    #[arg(long, value_name = "WORD", value_parser = word)]
    code: Option<String>,
    /// Twelve invented people, and nothing is kept
    #[arg(long, conflicts_with = "file")]
    demo: bool,
}

impl BoardCommand {
    /// Serves until it is interrupted.
    pub async fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let reference = reference(&workspace)?;
        let (store, kept) = self.kept(&workspace)?;
        let listener = self.listen().await?;
        let settings = self.settings(&workspace, &listener, reference)?;
        self.announce(&settings);
        let board = Arc::new(Board::new(settings, store, kept));
        let router = routes::router(Arc::clone(&board), secret(16)?);
        let people = async {
            if self.demo {
                fill(&board).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = server::serve(router, listener) => {}
            () = people => {}
        }
        Ok(())
    }

    /// The file, and what is in it.
    fn kept(
        &self,
        workspace: &Workspace,
    ) -> Result<(Option<Store>, Vec<crate::board::record::Record>)> {
        if self.demo {
            return Ok((None, Vec::new()));
        }
        let usual = || workspace.root.join("data/results/local-board.jsonl");
        let path = self.file.clone().unwrap_or_else(usual);
        let Loaded {
            store,
            records,
            skipped,
        } = Store::open(&path)?;
        for sentence in skipped {
            eprintln!("WARNING: {sentence}");
        }
        let shown = path.strip_prefix(&workspace.root).unwrap_or(&path);
        eprintln!(
            "{} entries are in {}; --file FILE begins another board",
            records.len(),
            shown.display()
        );
        Ok((Some(store), records))
    }

    async fn listen(&self) -> Result<TcpListener> {
        let port = self.port;
        let address = if self.lan {
            Ipv4Addr::UNSPECIFIED
        } else {
            Ipv4Addr::LOCALHOST
        };
        TcpListener::bind((address, port))
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::AddrInUse => anyhow::anyhow!(
                    "port {port} is in use, perhaps by another `cargo lab board`: --port 0 takes a free one"
                ),
                _ => anyhow::anyhow!("cannot listen on port {port}: {error}"),
            })
    }

    fn settings(
        &self,
        workspace: &Workspace,
        listener: &TcpListener,
        reference: Vec<Measured>,
    ) -> Result<Settings> {
        let found = if self.lan {
            address::of_this_machine()
        } else {
            None
        };
        let host = found.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let questions = Prediction::all(&workspace.root).unwrap_or_else(|error| {
            eprintln!("WARNING: no chapter's question can be shown: {error:#}");
            Vec::new()
        });
        Ok(Settings {
            url: format!("http://{host}:{}/", listener.local_addr()?.port()),
            lan: found.is_some(),
            code: self.code.clone(),
            facilitator: secret(8)?,
            demo: self.demo,
            profiles: workspace.facts()?.network_profiles(),
            questions,
            reference,
        })
    }

    /// Says where it is, who may do what, and with which codes.
    fn announce(&self, settings: &Settings) {
        let url = &settings.url;
        eprintln!("the board is at {url} (Ctrl-C ends it)");
        if self.lan {
            eprintln!(
                "it listens on every address of this machine: everybody who reaches it over the network sees the board and may \
                 send, unencrypted; a firewall may be in the way"
            );
            if settings.lan {
                eprintln!("\n{}", address::text(url));
            } else {
                eprintln!(
                    "this machine's address on the network is not known: `ip address` shows it"
                );
            }
        } else {
            eprintln!(
                "no other machine reaches it there; --lan listens on every address of this machine, for the room"
            );
        }
        match &settings.code {
            Some(code) => eprintln!("code to send: {code}"),
            None => eprintln!("whoever reaches it may send; --code WORD asks for a word"),
        }
        eprintln!(
            "facilitator's code, for the questions: {}",
            settings.facilitator
        );
    }
}

/// The reference's ladder in each network profile.
fn reference(workspace: &Workspace) -> Result<Vec<Measured>> {
    let path = workspace.root.join("data/results/reference.json");
    let named = Named::load(&path)?;
    let profiles = workspace.facts()?.network_profiles();
    let mut found: Vec<Measured> = profiles
        .iter()
        .filter_map(|profile| {
            let session = compare::largest(&named.file, profile)?;
            Measured::of_ladder(session, "reference")
        })
        .collect();
    found.sort_by_key(|it| it.profile != compare::USUAL_PROFILE);
    Ok(found)
}

/// The invented people, one after the other.
async fn fill(board: &Arc<Board>) {
    let mut pace = tokio::time::interval(DEMO_PAUSE);
    for line in board
        .settings
        .reference
        .first()
        .map(demo::lines)
        .unwrap_or_default()
    {
        pace.tick().await;
        // Nothing is kept: it cannot fail.
        drop(board.take(vec![What::Line(line)]));
    }
}

/// A code that nobody guesses: letters and digits that are not mistaken for each other.
fn secret(length: usize) -> Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = vec![0; length];
    File::open(Path::new("/dev/urandom"))
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("cannot make up a code")?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect())
}

fn word(text: &str) -> Result<String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    ensure!(
        plain && (1..=64).contains(&text.len()),
        "a code is one word of ASCII letters, digits and signs"
    );
    Ok(text.to_owned())
}
