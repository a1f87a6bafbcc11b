struct MyGreeter;
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let addr = "127.0.0.1:8050".parse()?;
    tonic::transport::Server::builder().add_service(MyGreeter).serve(addr).await?;
    tonic::transport::Server::builder().add_service(my_greeter::proto::greeter_service_server::GreeterServiceServer::new(MyGreeter)).serve("127.0.0.1:8050").await?;
    Ok(())
}
