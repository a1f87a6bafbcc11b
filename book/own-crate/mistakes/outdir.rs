mod proto { include!(concat!(env!("OUT_DIR"), "/nothing.rs")); }
mod proto2 { tonic::include_proto!("greeter.v2"); }
fn main() { }
