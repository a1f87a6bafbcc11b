//! The services of lesson 10: all that the notes defined, under the notes' own names. A module
//! for each package: `test` is note 000, `example` is note 002, and `demo` is note 004. Note
//! 001 is the Greeter of lesson 1. What the server tells about itself is in `health` and
//! `reflection`.

pub mod demo;
pub mod example;
pub mod health;
pub mod reflection;
pub mod test;

// ANCHOR: proto
/// What build.rs generated from the notes' definitions. A module for each file: two of them
/// have the package `example`, and one has none.
pub mod proto {
    /// Note 000, `protos/notes/test.proto`.
    pub mod test {
        tonic::include_proto!("notes/test");
    }
    /// Note 002, `protos/notes/user_info.proto`.
    pub mod user_info {
        tonic::include_proto!("notes/example");
    }
    /// Note 002 again, `protos/notes_stream_test/stream_test.proto`.
    pub mod stream_test {
        tonic::include_proto!("notes_stream_test/example");
    }
    /// Note 004, `protos/notes/demo.proto`. Without a package, the file is named `_`.
    pub mod demo {
        tonic::include_proto!("notes/_");
    }
}
// ANCHOR_END: proto

/// The services of the notes by their full names, as they stand in paths and in reflection.
pub const SERVICES: &[&str] = &[
    "Demo",
    "example.StreamTest",
    "example.UserInfo",
    "helloworld.Greeter",
    "test.demo",
];
