//! Where the clients of a service connect: on loopback, through the modelled network, with TLS.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{HandshakeKind, ProtocolVersion, ServerConnection};
use tokio_rustls::server::TlsStream;

use super::LiveLink;
use super::counts::{Counter, Counters};
use super::delay::Delayed;
use crate::Error;

/// How long a listener waits after an error before it accepts again. Without file descriptors the kernel reports the same
/// error at once, until a connection ends.
const PAUSE: Duration = Duration::from_millis(10);

/// A service, and its counters for what happens before the first request.
#[derive(Clone, Copy)]
pub(crate) struct ConnectionCounters {
    service: &'static str,
    connections: Counter,
    tls_handshakes: Counter,
    round_trips: Counter,
}

impl ConnectionCounters {
    pub const DATABASE: Self = Self {
        service: "the database",
        connections: Counter::DatabaseConnections,
        tls_handshakes: Counter::DatabaseTlsHandshakes,
        round_trips: Counter::DatabaseRoundTrips,
    };

    pub const CACHE: Self = Self {
        service: "the cache",
        connections: Counter::CacheConnections,
        tls_handshakes: Counter::CacheTlsHandshakes,
        round_trips: Counter::CacheRoundTrips,
    };

    pub const PARAMETERS: Self = Self {
        service: "Parameter Store",
        connections: Counter::ParametersConnections,
        tls_handshakes: Counter::ParametersTlsHandshakes,
        round_trips: Counter::ParametersRoundTrips,
    };
}

/// A port of 127.0.0.1, and what each connection to it needs.
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    acceptor: TlsAcceptor,
    pub link: Arc<LiveLink>,
    pub counters: Arc<Counters>,
    counted_as: ConnectionCounters,
}

impl Listener {
    /// Listens on a free port.
    pub async fn bind(
        acceptor: TlsAcceptor,
        link: Arc<LiveLink>,
        counters: Arc<Counters>,
        counted_as: ConnectionCounters,
    ) -> Result<Arc<Self>, Error> {
        let failed = || Error::io("listening on 127.0.0.1");
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(failed())?;
        let address = socket.local_addr().map_err(failed())?;
        Ok(Arc::new(Self {
            socket,
            address,
            acceptor,
            link,
            counters,
            counted_as,
        }))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts connections for ever and has each handled by a task of its own. When it cannot accept, it says so once on
    /// stderr and goes on as soon as it can.
    pub async fn serve<H, F>(self: Arc<Self>, handle: H)
    where
        H: Fn(Delayed) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let mut accepts = true;
        loop {
            let accepted = accept(&self.socket).await;
            if let (true, Err(error)) = (accepts, &accepted) {
                let service = self.counted_as.service;
                eprintln!("lab: {service} cannot accept connections: {error}");
            }
            accepts = accepted.is_ok();
            let delayed = |stream| Delayed::new(stream, Arc::clone(&self.link));
            let Ok(stream) = accepted.and_then(delayed) else {
                continue;
            };
            self.counters.add(self.counted_as.connections, 1);
            self.counters.add(self.counted_as.round_trips, 1);
            tokio::spawn(handle(stream));
        }
    }

    /// The server's side of a TLS handshake.
    pub async fn handshake(&self, stream: Delayed) -> io::Result<TlsStream<Delayed>> {
        let stream = self.acceptor.accept(stream).await?;
        self.counters.add(self.counted_as.tls_handshakes, 1);
        let round_trips = handshake_round_trips(stream.get_ref().1);
        self.counters.add(self.counted_as.round_trips, round_trips);
        Ok(stream)
    }
}

/// Waits for the next connection. An error comes after [`PAUSE`], so that a caller who tries again does not spin.
async fn accept(socket: &TcpListener) -> io::Result<TcpStream> {
    match socket.accept().await {
        Ok((stream, _)) => Ok(stream),
        Err(error) => {
            tokio::time::sleep(PAUSE).await;
            Err(error)
        }
    }
}

/// Round trips of a finished handshake: one in TLS 1.3, two in 1.2, and one more if the client first offered a key that
/// the server does not support.
fn handshake_round_trips(connection: &ServerConnection) -> u64 {
    let version = if connection.protocol_version() == Some(ProtocolVersion::TLSv1_2) {
        2
    } else {
        1
    };
    version
        + u64::from(connection.handshake_kind() == Some(HandshakeKind::FullWithHelloRetryRequest))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::process::Command;
    use std::time::Instant;

    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    use super::*;

    /// Run by the test below in a process of its own, which has no file descriptors left for other tests.
    #[tokio::test]
    #[ignore = "uses up the file descriptors of its process"]
    async fn exhausts_the_descriptors() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, 64, hard).unwrap();
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let _client = TcpStream::connect(socket.local_addr().unwrap())
            .await
            .unwrap();
        let taken = std::iter::repeat_with(|| File::open("/dev/null"))
            .map_while(Result::ok)
            .collect::<Vec<_>>();
        let start = Instant::now();
        let mut attempts = 0;
        let end = tokio::time::sleep(20 * PAUSE);
        tokio::pin!(end);
        while !end.is_elapsed() {
            tokio::select! {
                accepted = accept(&socket) => {
                    let error = accepted.unwrap_err().raw_os_error();
                    assert_eq!(error, Some(nix::Error::EMFILE as i32));
                    attempts += 1;
                }
                () = &mut end => {}
            }
        }
        let most = start.elapsed().as_millis() / PAUSE.as_millis();
        assert!((1..=most).contains(&attempts), "{attempts} of {most}");
        drop(taken);
        accept(&socket).await.unwrap();
    }

    #[test]
    fn without_descriptors_it_does_not_spin_and_accepts_again_afterwards() {
        let name = "network::listener::tests::exhausts_the_descriptors";
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", name])
            .status()
            .unwrap();
        assert!(status.success());
    }
}
