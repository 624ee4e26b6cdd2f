//! Whether delays are as long as they should be on this machine: `lab doctor` shows it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::delay::Delayed;
use super::{Link, LiveLink};

/// Exchanges per configured delay.
const EXCHANGES: usize = 50;

/// One delay, configured and measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelayCheck {
    /// The round trip that was asked for.
    pub configured: Duration,
    /// The median time of an exchange of one byte over loopback with this delay. What it takes longer than configured is
    /// the machine's own share: it is there without a delay as well.
    pub median: Duration,
    /// The time within which nine of ten exchanges were over.
    pub p90: Duration,
}

/// Exchanges single bytes with an echo through each of the given round-trip times. It blocks for about fifty times their
/// sum.
pub fn measure_delays(round_trips: &[Duration]) -> io::Result<Vec<DelayCheck>> {
    round_trips
        .iter()
        .map(|&round_trip| measure(round_trip))
        .collect()
}

fn measure(configured: Duration) -> io::Result<DelayCheck> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let stream = TcpStream::connect(listener.local_addr()?)?;
    stream.set_nodelay(true)?;
    let (accepted, _) = listener.accept()?;
    let echo = std::thread::spawn(move || echo(accepted, configured));
    let times = exchange(stream);
    echo.join()
        .map_err(|_| io::Error::other("the echo panicked"))??;
    let mut times = times?;
    times.sort_unstable();
    Ok(DelayCheck {
        configured,
        median: times[EXCHANGES / 2],
        p90: times[EXCHANGES * 9 / 10],
    })
}

fn exchange(mut stream: TcpStream) -> io::Result<Vec<Duration>> {
    let mut once = || {
        let start = Instant::now();
        stream.write_all(b"?")?;
        stream.read_exact(&mut [0])?;
        Ok(start.elapsed())
    };
    // The first exchange pays for the connection, too.
    once()?;
    (0..EXCHANGES).map(|_| once()).collect()
}

/// Sends back what comes, a round trip later, until the connection is closed.
fn echo(stream: TcpStream, round_trip: Duration) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        stream.set_nonblocking(true)?;
        let link = LiveLink::default();
        link.set(Link {
            round_trip,
            ..Link::default()
        });
        let mut stream = Delayed::new(tokio::net::TcpStream::from_std(stream)?, Arc::new(link))?;
        let mut byte = [0];
        while stream.read(&mut byte).await? > 0 {
            stream.write_all(&byte).await?;
        }
        Ok(())
    })
}
