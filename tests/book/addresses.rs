//! Where the servers of a page really listen. A page shows fixed ports; the test starts its
//! servers on free ones, because several pages are played at once.

use std::io;

use grpc_workbook::{LESSONS, Lesson};
use pages::CommandLine;
use tokio::net::TcpSocket;

/// Real addresses, and those that the page shows in their place.
#[derive(Clone, Default)]
pub struct Addresses(Vec<Address>);

#[derive(Clone)]
struct Address {
    /// Where the server listens, such as `127.0.0.1:40123`.
    real: String,
    /// Where the page says that it listens, such as `127.0.0.1:50051`.
    shown: String,
}

impl Addresses {
    /// Adds a server that listens at `real`, of which the page says that it is at `shown`.
    pub fn insert(&mut self, real: String, shown: String) {
        self.0.push(Address { real, shown });
    }

    /// The real address for one that the page shows.
    pub fn real(&self, shown: &str) -> Option<&str> {
        let address = self.0.iter().find(|address| address.shown == shown)?;
        Some(&address.real)
    }

    /// A text of the page with the real addresses in it.
    pub fn to_real(&self, text: &str) -> String {
        let mut text = text.to_string();
        for Address { real, shown } in &self.0 {
            text = text.replace(shown, real);
        }
        text
    }

    /// What a program printed, with the page's addresses in it.
    pub fn to_shown(&self, text: &str) -> String {
        let mut text = text.to_string();
        for Address { real, shown } in &self.0 {
            text = text.replace(real, shown);
        }
        text
    }
}

/// The lesson whose server or client a command runs.
pub fn lesson_of(line: &CommandLine) -> Option<&'static Lesson> {
    let binary = line.binary()?;
    LESSONS
        .iter()
        .find(|lesson| binary == lesson.server() || binary == lesson.client())
}

/// Where the page says that a lesson's server listens.
pub fn shown_address(lesson: &Lesson) -> String {
    format!("127.0.0.1:{}", lesson.port())
}

/// Reserves an address at which nobody listens. Nobody else can as long as the socket, which
/// is bound to it, is kept.
pub fn reserve_silent_address() -> io::Result<(TcpSocket, String)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let address = socket.local_addr()?.to_string();
    Ok((socket, address))
}
