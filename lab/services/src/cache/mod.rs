//! Valkey or Redis behind a front that behaves like ElastiCache with encryption in transit.

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
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::Error;
use crate::account::Account;
use crate::front::Gate;
use crate::process::{Launch, Process};
use crate::programs::CacheServer;
use crate::thread::on_thread;

/// How long the cache may take to answer after its start.
const START: Duration = Duration::from_secs(10);

/// The front's own state.
pub(crate) struct Front {
    gate: Gate,
    socket: PathBuf,
}

/// The running cache.
#[derive(Clone)]
pub struct Cache {
    endpoint: SocketAddr,
    server: Arc<Mutex<Server>>,
    runtime: Handle,
}

struct Server {
    launch: Launch,
    socket: PathBuf,
    process: Option<Process>,
}

impl Cache {
    pub(crate) async fn start(
        program: &CacheServer,
        run_directory: &Path,
        account: Account,
        gate: Gate,
    ) -> Result<Self, Error> {
        let folder = run_directory.join("cache");
        account.make_folder(&folder)?;
        let socket = folder.join("cache.sock");
        let launch = Launch {
            name: program.name,
            program: program.path.clone(),
            arguments: arguments(&folder, &socket),
            libraries: program.libraries.clone(),
            account,
            log: run_directory.join("cache.log"),
            stop_signal: Signal::SIGKILL,
        };
        let mut server = Server {
            launch,
            socket: socket.clone(),
            process: None,
        };
        server.start().await?;
        let (listener, endpoint) = Gate::listen().await?;
        let front = Arc::new(Front {
            gate: gate.clone(),
            socket,
        });
        tokio::spawn(gate.serve(listener, move |stream| {
            let front = Arc::clone(&front);
            async move {
                // A connection that breaks off is the client's to notice.
                let _ = front.carry(stream).await;
            }
        }));
        Ok(Self {
            endpoint,
            server: Arc::new(Mutex::new(server)),
            runtime: Handle::current(),
        })
    }

    /// The address of the ElastiCache front.
    pub fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    /// Removes all keys, past the front.
    pub async fn flush(&self) -> Result<(), Error> {
        self.command(&[b"FLUSHALL"]).await.map(drop)
    }

    /// Stores bytes under a key without an end of life, past the front.
    pub async fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.command(&[b"SET", key.as_bytes(), value])
            .await
            .map(drop)
    }

    /// Stores bytes under a key for so many seconds, past the front.
    pub async fn set_for(&self, key: &str, value: &[u8], seconds: u64) -> Result<(), Error> {
        let seconds = seconds.to_string();
        self.command(&[b"SET", key.as_bytes(), value, b"EX", seconds.as_bytes()])
            .await
            .map(drop)
    }

    /// The bytes under a key, past the front.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(bulk(&self.command(&[b"GET", key.as_bytes()]).await?))
    }

    /// A key and the bytes under it, any of them, past the front; nothing where the cache is empty.
    pub async fn any(&self) -> Result<Option<(String, Vec<u8>)>, Error> {
        let Some(key) = bulk(&self.command(&[b"RANDOMKEY"]).await?) else {
            return Ok(None);
        };
        let key = String::from_utf8_lossy(&key).into_owned();
        let value = self.get(&key).await?;
        Ok(value.map(|value| (key, value)))
    }

    /// How long a key has to live, past the front; nothing for a key that does not exist or lives for ever.
    pub async fn time_to_live(&self, key: &str) -> Result<Option<Duration>, Error> {
        let reply = self.command(&[b"PTTL", key.as_bytes()]).await?;
        Ok(std::str::from_utf8(&reply[1..])
            .ok()
            .and_then(|text| text.trim_end().parse().ok())
            .map(Duration::from_millis))
    }

    /// Stops the cache; its data is lost. The front closes connections that it can no longer serve.
    pub async fn stop(&self) -> Result<(), Error> {
        let server = Arc::clone(&self.server);
        on_thread(
            &self.runtime,
            async move { server.lock().await.stop().await },
        )
        .await
    }

    /// Starts the cache again, empty.
    pub async fn restart(&self) -> Result<(), Error> {
        let server = Arc::clone(&self.server);
        on_thread(
            &self.runtime,
            async move { server.lock().await.start().await },
        )
        .await?
    }

    /// Lets the cache hang: it stands still, and no connection is closed. The front goes on taking clients, whose commands
    /// then get no answer. The other methods here get none either.
    pub async fn suspend(&self) -> Result<(), Error> {
        let server = Arc::clone(&self.server);
        on_thread(&self.runtime, async move {
            match &mut server.lock().await.process {
                Some(process) => process.suspend().await,
                None => Ok(()),
            }
        })
        .await?
    }

    /// Lets a suspended cache go on where it was.
    pub async fn resume(&self) -> Result<(), Error> {
        let server = Arc::clone(&self.server);
        on_thread(&self.runtime, async move {
            if let Some(process) = &mut server.lock().await.process {
                process.resume().await;
            }
        })
        .await
    }

    async fn command(&self, arguments: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let bytes = resp::encode(arguments);
        let request = String::from_utf8_lossy(arguments[0]).into_owned();
        let server = Arc::clone(&self.server);
        on_thread(&self.runtime, async move {
            let socket = server.lock().await.socket.clone();
            let refused = |message| Error::Refused {
                service: "the cache",
                request: request.clone(),
                message,
            };
            match ask(&socket, &bytes).await {
                Ok(reply) if reply.first() == Some(&b'-') => {
                    Err(refused(String::from_utf8_lossy(&reply).trim().to_owned()))
                }
                Ok(reply) => Ok(reply),
                Err(error) => Err(refused(error.to_string())),
            }
        })
        .await?
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
    let settings = [
        ("--port", "0"),
        ("--unixsocket", &*socket),
        ("--unixsocketperm", "700"),
        ("--dir", &*folder),
        ("--save", ""),
        ("--appendonly", "no"),
        ("--daemonize", "no"),
    ];
    settings
        .iter()
        .flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()])
        .collect()
}

impl Server {
    async fn start(&mut self) -> Result<(), Error> {
        if self
            .process
            .as_mut()
            .is_some_and(|process| process.check().is_ok())
        {
            return Ok(());
        }
        let process = self.process.insert(self.launch.start()?);
        let socket = &self.socket;
        let answers = async {
            loop {
                process.check()?;
                if ask(socket, &resp::encode(&[b"PING"]))
                    .await
                    .is_ok_and(|reply| reply == b"+PONG\r\n")
                {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(START, answers).await {
            Ok(result) => result,
            Err(_) => Err(process.error(format!("did not answer within {} s", START.as_secs()))),
        }
    }

    async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }
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
