pub async fn say_hello(
    &mut self,
    request: impl tonic::IntoRequest<super::HelloRequest>,
) -> std::result::Result<tonic::Response<super::HelloReply>, tonic::Status> {
    self.inner
        .ready()
        .await
        .map_err(|e| {
            tonic::Status::unknown(
                format!("Service was not ready: {}", e.into()),
            )
        })?;
    let codec = tonic_prost::ProstCodec::default();
    let path = http::uri::PathAndQuery::from_static(
        "/helloworld.Greeter/SayHello",
    );
    let mut req = request.into_request();
    req.extensions_mut()
        .insert(GrpcMethod::new("helloworld.Greeter", "SayHello"));
    self.inner.unary(req, path, codec).await
}
