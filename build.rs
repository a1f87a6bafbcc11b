//! Turns `protos/` into Rust, before the workbook itself is compiled.
//!
//! protox is a Protobuf compiler written in Rust, so nobody has to install `protoc`. It
//! reads the `.proto` files and yields descriptors: the same definitions as data.
//! tonic-prost-build turns those into Rust source, which `lessons/*/service.rs` includes.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

use prost::Message;
use tonic_prost_build::{FileDescriptorSet, manual};

/// One row for each run of the compiler: a folder inside `OUT_DIR`, and the files that go
/// there. Files of one row share a namespace, so two files that define the same name need
/// a row, and a folder, each.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "hello.proto",
            "types.proto",
            "map_oneof.proto",
            "http2.proto",
            "calculator.proto",
            "subjects_by_city.proto",
            "accumulate.proto",
            "guess_number.proto",
            "speed.proto",
        ],
    ),
    // Three versions of one file.
    ("fields", &["fields.proto"]),
    ("fields_v2", &["fields_v2/fields_v2.proto"]),
    ("fields_broken", &["fields_broken/fields_broken.proto"]),
    // The notes' own, which have no package or share one.
    (
        "notes",
        &[
            "notes/test.proto",
            "notes/user_info.proto",
            "notes/demo.proto",
        ],
    ),
    ("notes_stream_test", &["notes_stream_test/stream_test.proto"]),
];

/// The files of part two, whose lessons are packages of their own and compile them. The tap shows
/// their messages too, for which it needs their descriptors, but no code.
const PART_TWO: &[&str] = &[
    "enrol.proto",
    "notify.proto",
    // The details of an error, as Google defines them: lesson 12.
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    // Start empty: a renamed package's old file would still satisfy `include_proto!`.
    fs::remove_dir_all(&out_dir)?;
    // Once a build script names a file, cargo runs it again for the named files only:
    // each has to be named.
    println!("cargo::rerun-if-changed=build.rs");
    // The lessons' programs are built for the same machine as what starts them: lessons/cargo.rs.
    println!("cargo::rustc-env=WORKBOOK_TARGET={}", env::var("TARGET")?);
    for (folder, files) in GROUPS {
        generate(compile(files), &out_dir.join(folder))?;
    }
    let part_two = compile(PART_TWO).encode_to_vec();
    fs::write(out_dir.join("part_two.bin"), part_two)?;
    inspector();
    Ok(())
}

/// Reads files of `protos/`. A mistake in one ends the build.
fn compile(files: &[&str]) -> FileDescriptorSet {
    for file in files {
        println!("cargo::rerun-if-changed=protos/{file}");
    }
    protox::compile(files, ["protos"]).unwrap_or_else(|error| refuse(&error))
}

/// Writes `PACKAGE.rs` for each package, and `descriptors.bin`, which is what a server
/// needs to describe itself (reflection).
fn generate(descriptors: FileDescriptorSet, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .out_dir(folder)
        .compile_fds(descriptors)?;
    Ok(())
}

/// Lesson 2's server looks at the bytes of its requests, so it needs another codec than
/// protobuf's, and code that names it. This code comes from no `.proto`.
fn inspector() {
    let inspect = manual::Method::builder()
        .name("inspect")
        .route_name("Inspect")
        .input_type("crate::types::RawRequest")
        .output_type("crate::types::proto::InspectResponse")
        .codec_path("crate::types::RawRequestCodec");
    let service = manual::Service::builder()
        .name("TypesService")
        .package("types.v1");
    let service = service.method(inspect.build()).build();
    manual::Builder::new()
        .build_client(false)
        .compile(&[service]);
}

/// Ends the build with the place of the mistake. protox prints file, line and column in `Debug`
/// only.
fn refuse(error: &protox::Error) -> ! {
    println!("cargo::error={error:?}");
    process::exit(1);
}
