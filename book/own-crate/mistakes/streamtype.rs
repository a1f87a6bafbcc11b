use tonic::Status;
use std::pin::Pin;
use my_greeter::proto::SayHelloResponse;
fn main() {
    let (tx, rx) = tokio::sync::mpsc::channel::<Result<SayHelloResponse, Status>>(1);
    let x: Result<tonic::Response<()>, Status> = tonic::Response::new(());
    let s: Pin<Box<dyn std::future::Future<Output=()> + Send>> = async {};
}
