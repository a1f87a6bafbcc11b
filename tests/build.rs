//! Turns the `.proto` files in the lessons' folders into Rust, each in a folder of its own: those of
//! exercises, for the tests and for `exercises/`, and one that only lesson 4's test needs. A mistake in one is shown where the generated code is included: in that
//! lesson's test, and in the program that serves the exercise. Everything else still builds.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The lesson's folder, the file, and its package.
const FILES: &[(&str, &str, &str)] = &[
    ("04_map_oneof", "well_known.proto", "well_known.v1"),
    ("06_calculator", "exercise.proto", "calculator.v1"),
    ("06_calculator", "solution.proto", "calculator.v1"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    // Start empty: a renamed package's old file would still satisfy `include_proto!`.
    fs::remove_dir_all(&out_dir)?;
    println!("cargo::rerun-if-changed=../tests/build.rs");
    // tests/workbook.rs looks only at dependencies for this target; others may not be downloaded.
    println!("cargo::rustc-env=WORKBOOK_TARGET={}", env::var("TARGET")?);
    for (lesson, file, package) in FILES {
        let folder = format!("../lessons/{lesson}");
        println!("cargo::rerun-if-changed={folder}/{file}");
        let out_dir = out_dir.join(lesson).join(file);
        fs::create_dir_all(&out_dir)?;
        match protox::compile([file], [folder]) {
            Ok(descriptors) => tonic_prost_build::configure()
                .out_dir(out_dir)
                .compile_fds(descriptors)?,
            Err(error) => {
                let mistake = format!("lessons/{lesson}/{error:?}");
                let mistake = format!("compile_error!({mistake:?});\n");
                fs::write(out_dir.join(format!("{package}.rs")), mistake)?;
            }
        }
    }
    bytes(&out_dir.join("bytes"))
}

/// Lesson 2's messages once more, their `bytes` fields as `Bytes`: its test has a row for that.
fn bytes(out_dir: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../protos/types.proto");
    fs::create_dir_all(out_dir)?;
    tonic_prost_build::configure()
        .bytes(".")
        .build_client(false)
        .build_server(false)
        .out_dir(out_dir)
        .compile_fds(protox::compile(["types.proto"], ["../protos"])?)?;
    Ok(())
}
