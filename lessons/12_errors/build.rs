//! Turns `protos/enrol.proto` into Rust. The other lessons of part two use this crate's code.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../../protos/enrol.proto");
    let descriptors = protox::compile(["enrol.proto"], ["../../protos"])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
