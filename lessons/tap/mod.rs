//! The tap: a proxy between a client and a server that changes nothing, and shows what
//! crosses the wire. `cargo run` plays each lesson through it, and the book's figures of
//! the wire are drawn from what it saw.
//!
//! [`proxy`] forwards the bytes and hands a copy to [`trace`], which makes events of
//! them: headers, messages, statuses. `grpc_message` reads the five-byte prefix before
//! each message, and puts the message together from its frames. [`render`] turns an event into a line of text, with
//! the names from [`schema`], and `details` reads the details of a status; [`svg`] draws events as arrows. The frames themselves are
//! read by lesson 5's [`frames`](crate::http2::frames).

pub mod details;
mod grpc_message;
pub mod proxy;
pub mod render;
pub mod schema;
pub mod svg;
pub mod trace;
