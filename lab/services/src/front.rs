//! What all fronts have in common: they listen on loopback, delay what arrives, and speak TLS.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{HandshakeKind, ProtocolVersion, ServerConnection};
use tokio_rustls::server::TlsStream;

use crate::Error;
use crate::counts::{Counter, Counters};
use crate::delay::Delayed;
use crate::network::LiveLink;

/// What a front needs for every connection.
#[derive(Clone)]
pub(crate) struct Gate {
    pub acceptor: TlsAcceptor,
    pub link: Arc<LiveLink>,
    pub counters: Arc<Counters>,
    /// How connections, TLS handshakes and round trips are counted.
    pub count_as: GateCounters,
}

/// A front's counters for what happens before the first request.
#[derive(Clone, Copy)]
pub(crate) struct GateCounters {
    connections: Counter,
    tls_handshakes: Counter,
    round_trips: Counter,
}

impl GateCounters {
    pub const DATABASE: Self = Self {
        connections: Counter::DatabaseConnections,
        tls_handshakes: Counter::DatabaseTlsHandshakes,
        round_trips: Counter::DatabaseRoundTrips,
    };

    pub const CACHE: Self = Self {
        connections: Counter::CacheConnections,
        tls_handshakes: Counter::CacheTlsHandshakes,
        round_trips: Counter::CacheRoundTrips,
    };

    pub const PARAMETERS: Self = Self {
        connections: Counter::ParametersConnections,
        tls_handshakes: Counter::ParametersTlsHandshakes,
        round_trips: Counter::ParametersRoundTrips,
    };
}

impl Gate {
    /// A listener on a free port of 127.0.0.1.
    pub async fn listen() -> Result<(TcpListener, SocketAddr), Error> {
        let failed = || Error::io("listening on 127.0.0.1");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        Ok((listener, address))
    }

    /// Accepts connections for ever and has each handled by a task of its own.
    pub async fn serve<H, F>(self, listener: TcpListener, handle: H)
    where
        H: Fn(Delayed) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors, most likely: another connection has to end first.
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                continue;
            };
            let Ok(stream) = Delayed::new(stream, Arc::clone(&self.link)) else {
                continue;
            };
            self.counters.add(self.count_as.connections, 1);
            self.counters.add(self.count_as.round_trips, 1);
            tokio::spawn(handle(stream));
        }
    }

    /// The server's side of a TLS handshake.
    pub async fn handshake(&self, stream: Delayed) -> io::Result<TlsStream<Delayed>> {
        let stream = self.acceptor.accept(stream).await?;
        self.counters.add(self.count_as.tls_handshakes, 1);
        self.counters.add(
            self.count_as.round_trips,
            handshake_round_trips(stream.get_ref().1),
        );
        Ok(stream)
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
