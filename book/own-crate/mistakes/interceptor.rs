use my_greeter::proto::greeter_service_client::GreeterServiceClient;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

type Authorized = GreeterServiceClient<InterceptedService<Channel, fn(Request<()>) -> Result<Request<()>, Status>>>;

pub fn client(channel: Channel, token: String) -> Authorized {
    GreeterServiceClient::with_interceptor(channel, move |request: Request<()>| {
        println!("{token}");
        Ok(request)
    })
}

fn main() {}
