//! What every lesson's `main` shares, and no chapter teaches: flags, listening, connecting,
//! shutting down, and errors that say what to do.
//!
//! A server's `main` calls [`listen`], a client's calls [`parse_client`] and [`connect`]; both return a
//! [`Failure`] when something goes wrong. Everything between those calls is tonic. Lesson 1's
//! `minimal.rs` is a server's `main` without this module.

mod client;
mod errors;
mod flags;
mod input;
mod server;
mod signals;
mod term;

pub use client::{
    ClientArgs, answer_in_time, connect, connect_tcp, connect_with, endpoint,
    parse_client, parse_client_or, refuse_server,
};
pub use errors::{Failure, is_not_of_grpc, without_os_code};
pub use flags::{fail, host_and_port, parse};
pub use input::{Source, int32, lines, numbers, random, text};
pub use server::{GRACE, Shutdown, bind, listen, listen_exercise, listen_with};
pub use signals::Signals;
pub use term::style;
