//! The tap: a proxy between a client and a server that changes nothing, and shows what
//! crosses the wire. `cargo run` plays each lesson through it, and the book's figures of
//! the wire are drawn from what it saw.
//!
//! [`proxy`] forwards the bytes and hands a copy to [`trace`], which makes events of
//! them: headers, messages, statuses. [`render`] says what an event means, with the
//! names from [`schema`]; [`viewer`] makes lines of that, and [`fold`] few lines of many that
//! are alike; [`details`] reads the details of a status; [`svg`] draws all of it as arrows.
//!
//! Below [`trace`], `direction` takes a direction apart into frames, with lesson 5's
//! [`frames`](crate::http2::frames), and `header_block` decompresses headers. `streams`
//! remembers each call until it is over. [`body`] makes messages of its DATA, with
//! `grpc_message` for gRPC's five-byte prefix, `grpc_web` for what gRPC-web adds, and
//! [`unpack`] for compression. `not_http2` recognises what else may cross a connection.

pub mod body;
pub mod details;
mod direction;
mod field_type;
pub mod fold;
mod grpc_message;
mod grpc_web;
mod header_block;
mod not_http2;
pub mod proxy;
pub mod render;
pub mod schema;
mod streams;
pub mod svg;
pub mod trace;
pub mod unpack;
pub mod viewer;
