//! The services of lesson 10: all that the notes defined, under the notes' own names.

use tonic_reflection::server::Builder;

pub mod demo;
pub mod example;
pub mod test;

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

/// The services of the notes, as paths and reflection name them.
pub const SERVICES: &[&str] = &[
    "Demo",
    "example.StreamTest",
    "example.UserInfo",
    "helloworld.Greeter",
    "test.demo",
];

/// What the server tells about itself: its services, and their definitions, which build.rs
/// wrote as descriptors. Lesson 1's stand in one set with those of other lessons, which are
/// not served here: so the services have to be named.
pub fn reflection() -> Builder<'static> {
    let lessons = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
    let notes = include_bytes!(concat!(env!("OUT_DIR"), "/notes/descriptors.bin"));
    let stream_test =
        include_bytes!(concat!(env!("OUT_DIR"), "/notes_stream_test/descriptors.bin"));
    let builder = Builder::configure()
        .register_encoded_file_descriptor_set(lessons)
        .register_encoded_file_descriptor_set(notes)
        .register_encoded_file_descriptor_set(stream_test)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .with_service_name("grpc.health.v1.Health");
    SERVICES
        .iter()
        .fold(builder, |builder, service| builder.with_service_name(*service))
}
