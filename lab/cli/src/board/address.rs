//! Where a board is found.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use fast_qr::{QRBuilder, QRCode};
use maud::{Markup, html};

/// Of the networks for documentation: nobody has it, and nothing is sent there (RFC 5737).
const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// This machine's address on the network that its default route leads through; none without such a route.
pub fn of_this_machine() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Connecting a UDP socket chooses the route, and sends nothing.
    socket.connect(ELSEWHERE).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// The QR code as text for a terminal; nothing where the URL is too long for one.
pub fn text(url: &str) -> String {
    code(url).map_or_else(String::new, |code| code.to_str())
}

/// The QR code as a picture, with the margin that readers need.
pub fn svg(url: &str) -> Markup {
    let Some(code) = code(url) else {
        return html! {};
    };
    let mut path = String::new();
    for row in 0..code.size {
        for column in 0..code.size {
            if code[row][column].value() {
                let _ = write!(path, "M{} {}h1v1h-1z", column + 4, row + 4);
            }
        }
    }
    let size = code.size + 8;
    html! {
        svg.qr viewBox=(format!("0 0 {size} {size}")) role="img" aria-label="QR code of the address" shape-rendering="crispEdges" {
            path fill="#000" d=(path) {}
        }
    }
}

fn code(url: &str) -> Option<QRCode> {
    QRBuilder::new(url).build().ok()
}
