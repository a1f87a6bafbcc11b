//! A mistake: the type of an interceptor that captures something is written as `fn`.
//!
//! says: expected fn pointer, found closure

use my_greeter::proto::greeter_service_client::GreeterServiceClient;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

type Interceptor = fn(Request<()>) -> Result<Request<()>, Status>;
type Client = GreeterServiceClient<InterceptedService<Channel, Interceptor>>;

pub fn client(channel: Channel, token: String) -> Client {
    GreeterServiceClient::with_interceptor(channel, move |request: Request<()>| {
        println!("{token}");
        Ok(request)
    })
}

fn main() {}
