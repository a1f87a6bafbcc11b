#[async_trait]
pub trait Greeter: std::marker::Send + std::marker::Sync + 'static {
    /// Answers `Hello, NAME!`.
    async fn say_hello(
        &self,
        request: tonic::Request<super::HelloRequest>,
    ) -> std::result::Result<tonic::Response<super::HelloReply>, tonic::Status>;
}
