//! What an environment needs to tell about its invocations.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::xray::Trace;
use crate::{BoxError, Invocation, variable};

/// What an environment needs to tell about its invocations. Made once, in init.
pub struct Telemetry {
    function_name: String,
    daemon: Option<UdpSocket>,
    cold: AtomicBool,
}

impl Telemetry {
    /// Telemetry for the function that the environment variables describe. Without `AWS_XRAY_DAEMON_ADDRESS` nothing
    /// is traced.
    ///
    /// # Errors
    ///
    /// `AWS_LAMBDA_FUNCTION_NAME` is missing, or no datagram can be sent to the X-Ray daemon's address.
    pub fn from_env() -> Result<Self, BoxError> {
        let daemon = match std::env::var("AWS_XRAY_DAEMON_ADDRESS") {
            Ok(address) => Some(
                connect(&address).map_err(|error| format!("X-Ray daemon at {address}: {error}"))?,
            ),
            Err(_) => None,
        };
        Ok(Self::new(variable("AWS_LAMBDA_FUNCTION_NAME")?, daemon))
    }

    fn new(function_name: String, daemon: Option<UdpSocket>) -> Self {
        Self {
            function_name,
            daemon,
            cold: AtomicBool::new(true),
        }
    }

    /// Starts an invocation that Lambda ends at `deadline` (milliseconds since 1970-01-01 UTC) and that belongs to the
    /// trace of `trace_header`. When the header says that it is not sampled, no phase reads the clock or allocates.
    pub fn invocation(&self, deadline: u64, trace_header: Option<&str>) -> Invocation<'_> {
        let sampled = |(header, daemon)| Trace::sampled(header, daemon);
        let trace = trace_header.zip(self.daemon.as_ref()).and_then(sampled);
        let cold_start = self.cold.swap(false, Ordering::Relaxed);
        Invocation::new(&self.function_name, deadline, trace, cold_start)
    }

    /// Starts work that no client waits for. It is not traced and has no deadline: [`Invocation::call`] waits without end.
    /// The caller must abort it when its result is no longer wanted.
    pub fn background(&self) -> Invocation<'_> {
        Invocation::background(&self.function_name)
    }
}

fn connect(address: &str) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests;
