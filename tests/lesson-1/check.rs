//! The check of the exercise: names with and without white space, and no name at all.

use grpc_workbook::hello::proto::HelloRequest;
use grpc_workbook::hello::proto::greeter_client::GreeterClient;
use grpc_workbook::hello::proto::greeter_server::{Greeter, GreeterServer};
use support::checks::{Checks, Verdict, outcome};
use tonic::service::Routes;

/// Greets names with and without white space, and nobody.
pub async fn check(server: Routes) -> Verdict {
    let greeter = GreeterClient::new(server);
    let mut checks = Checks::default();
    let missing = || Err("INVALID_ARGUMENT: name is empty".to_string());
    for (name, expected) in [
        ("you", Ok("Hello, you!".to_string())),
        ("  Ada ", Ok("Hello, Ada!".to_string())),
        ("小 明\n", Ok("Hello, 小 明!".to_string())),
        ("", missing()),
        (" \t ", missing()),
    ] {
        let mut greeter = greeter.clone();
        let response = async move {
            let reply = greeter.say_hello(HelloRequest { name: name.into() }).await;
            outcome(reply).map(|reply| reply.message)
        };
        let call = format!("SayHello({name:?})");
        checks.call(call, response, expected).await;
    }
    checks.verdict()
}

/// A server with this answer to the exercise.
pub fn serving(greeter: impl Greeter) -> Routes {
    Routes::new(GreeterServer::new(greeter))
}
