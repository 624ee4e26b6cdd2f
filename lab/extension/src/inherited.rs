//! The listening socket: inherited from the lab, or bound here.

use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;

use crate::Error;
use crate::settings::Settings;

/// The socket on which callers are served. In the lab many environments share one host, so each hands a socket of its own
/// down; on AWS, where an environment has a network of its own, a fixed port does.
pub fn listener(settings: &Settings) -> Result<tokio::net::TcpListener, Error> {
    let listener = match settings.listener {
        Some(number) => adopt(number)?.into(),
        None => TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port))
            .map_err(|error| format!("cannot listen on 127.0.0.1:{}: {error}", settings.port))?,
    };
    listener.set_nonblocking(true)?;
    Ok(tokio::net::TcpListener::from_std(listener)?)
}

/// Takes over an open socket by its number.
#[allow(unsafe_code)]
fn adopt(number: i32) -> Result<OwnedFd, String> {
    use std::os::fd::FromRawFd;
    let is_socket = std::fs::read_link(format!("/proc/self/fd/{number}"))
        .is_ok_and(|target| target.to_string_lossy().starts_with("socket:"));
    if !is_socket {
        return Err(format!(
            "LAB_LISTENER_FD is {number}, which is no open socket: the lab must hand one down"
        ));
    }
    // SAFETY: the descriptor is open, and the parent process handed it down for this function alone, which is called once.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
