//! Valkey or Redis behind a relay that behaves like ElastiCache with encryption in transit.

mod relay;
mod resp;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::Error;
use crate::network::listener::Listener;
use crate::process::Launch;
use crate::process::account::Account;
use crate::process::daemon::{Daemon, Service};
use crate::process::programs::Program;

/// How long the cache may take to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Databases of the server that no client sees are numbered from 1 to this.
pub const LAST_DATABASE: u32 = 127;

/// What carries bytes between clients and the cache.
struct Relay {
    listener: Arc<Listener>,
    socket: PathBuf,
}

/// The running cache.
#[derive(Clone)]
pub struct Cache {
    endpoint: SocketAddr,
    program: Daemon,
}

impl Cache {
    pub(crate) async fn start(
        program: &Program,
        run_directory: &Path,
        account: Account,
        listener: Arc<Listener>,
    ) -> Result<Self, Error> {
        let folder = run_directory.join("cache");
        account.make_folder(&folder)?;
        let socket = folder.join("cache.sock");
        let launch = Launch {
            name: program.name,
            program: program.path(),
            arguments: arguments(&folder, &socket),
            libraries: program.libraries.clone(),
            account,
            log: run_directory.join("cache.log"),
            stop_signal: Signal::SIGKILL,
        };
        let program = Daemon::start(Service {
            launch,
            socket: socket.clone(),
            answers: |socket| {
                Box::pin(async move {
                    let reply = ask(&socket, &resp::encode(&[b"PING"])).await;
                    reply.is_ok_and(|reply| reply == b"+PONG\r\n")
                })
            },
            start_timeout: START_TIMEOUT,
        })
        .await?;
        let endpoint = listener.address();
        let relay = Arc::new(Relay {
            listener: Arc::clone(&listener),
            socket,
        });
        tokio::spawn(listener.serve(move |stream| {
            let relay = Arc::clone(&relay);
            async move {
                // A connection that breaks off is the client's to notice.
                let _ = relay.carry(stream).await;
            }
        }));
        Ok(Self { endpoint, program })
    }

    /// The address that clients connect to.
    pub fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    /// Removes all keys that clients see, past the relay.
    pub async fn flush(&self) -> Result<(), Error> {
        self.command(&[b"FLUSHDB"]).await.map(drop)
    }

    /// Exchanges everything that clients see for what was put aside under a number from 1 to [`LAST_DATABASE`], at first
    /// nothing. Keys grow old there as they do here; connections stay open.
    pub async fn exchange(&self, database: u32) -> Result<(), Error> {
        let database = database.to_string();
        self.command(&[b"SWAPDB", b"0", database.as_bytes()])
            .await
            .map(drop)
    }

    /// Stores bytes under a key without an end of life, past the relay.
    pub async fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.command(&[b"SET", key.as_bytes(), value])
            .await
            .map(drop)
    }

    /// Stores bytes under a key for so many seconds, past the relay.
    pub async fn set_for(&self, key: &str, value: &[u8], seconds: u64) -> Result<(), Error> {
        let seconds = seconds.to_string();
        self.command(&[b"SET", key.as_bytes(), value, b"EX", seconds.as_bytes()])
            .await
            .map(drop)
    }

    /// The bytes under a key, past the relay.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(bulk(&self.command(&[b"GET", key.as_bytes()]).await?))
    }

    /// A key and the bytes under it, any of them, past the relay; nothing where the cache is empty.
    pub async fn any(&self) -> Result<Option<(String, Vec<u8>)>, Error> {
        let Some(key) = bulk(&self.command(&[b"RANDOMKEY"]).await?) else {
            return Ok(None);
        };
        let key = String::from_utf8_lossy(&key).into_owned();
        let value = self.get(&key).await?;
        Ok(value.map(|value| (key, value)))
    }

    /// How long a key has to live, past the relay; nothing for a key that does not exist or lives for ever.
    pub async fn time_to_live(&self, key: &str) -> Result<Option<Duration>, Error> {
        let reply = self.command(&[b"PTTL", key.as_bytes()]).await?;
        Ok(std::str::from_utf8(&reply[1..])
            .ok()
            .and_then(|text| text.trim_end().parse().ok())
            .map(Duration::from_millis))
    }

    /// Stops the cache; its data is lost. Connections that can no longer be served are closed.
    pub async fn stop(&self) -> Result<(), Error> {
        self.program.stop().await
    }

    /// Starts the cache again, empty.
    pub async fn restart(&self) -> Result<(), Error> {
        self.program.restart().await
    }

    /// Lets the cache hang: it stands still, and no connection is closed. New clients can connect; their commands get no
    /// answer. The other methods here get none either.
    pub async fn suspend(&self) -> Result<(), Error> {
        self.program.suspend().await
    }

    /// Lets a suspended cache go on where it was.
    pub async fn resume(&self) -> Result<(), Error> {
        self.program.resume().await
    }

    /// Sends a command past the relay and returns the reply, unless it is an error.
    async fn command(&self, arguments: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let bytes = resp::encode(arguments);
        let socket = self.program.socket().to_owned();
        let reply = self.program.run(async move { ask(&socket, &bytes).await });
        let message = match reply.await? {
            Ok(reply) if reply.first() != Some(&b'-') => return Ok(reply),
            Ok(reply) => String::from_utf8_lossy(&reply).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        Err(Error::Refused {
            service: "the cache",
            request: String::from_utf8_lossy(arguments[0]).into_owned(),
            message,
        })
    }
}

/// The bytes in a reply, `$length\r\nbytes\r\n`; nothing for `$-1\r\n`.
fn bulk(reply: &[u8]) -> Option<Vec<u8>> {
    if reply.starts_with(b"$-1") {
        return None;
    }
    let start = reply
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    Some(reply[start..reply.len() - 2].to_vec())
}

/// One thread's worth of a server for one run: on a Unix socket only, nothing written to disk.
fn arguments(folder: &Path, socket: &Path) -> Vec<String> {
    let (folder, socket) = (folder.to_string_lossy(), socket.to_string_lossy());
    let databases = (LAST_DATABASE + 1).to_string();
    let settings = [
        ("--port", "0"),
        ("--unixsocket", &*socket),
        ("--unixsocketperm", "700"),
        ("--dir", &*folder),
        ("--save", ""),
        ("--appendonly", "no"),
        ("--daemonize", "no"),
        ("--databases", &*databases),
    ];
    settings
        .iter()
        .flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()])
        .collect()
}

/// Sends one command on a connection of its own and returns the whole reply.
async fn ask(socket: &Path, command: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(command).await?;
    let mut reply = Vec::new();
    loop {
        match resp::reply(&reply) {
            Ok(Some(_)) => return Ok(reply),
            Ok(None) if stream.read_buf(&mut reply).await? > 0 => {}
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
}
