//! What server and client share: the code generated from `protos/greeter.proto`.

pub mod proto {
    tonic::include_proto!("greeter.v1");
}
