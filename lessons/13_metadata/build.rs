//! Turns `protos/notify.proto` into Rust.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../../protos/notify.proto");
    let descriptors = protox::compile(["notify.proto"], ["../../protos"])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
