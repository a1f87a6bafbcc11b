//! A mistake: `include_proto!` names the file, not the package.
//!
//! says: couldn't read `

mod proto {
    tonic::include_proto!("greeter");
}

fn main() {}
