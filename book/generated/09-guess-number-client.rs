pub async fn guess(
    &mut self,
    request: impl tonic::IntoStreamingRequest<Message = super::GuessRequest>,
) -> std::result::Result<
    tonic::Response<tonic::codec::Streaming<super::GuessResponse>>,
    tonic::Status,
> {
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
        "/guess_number.v1.GuessNumberService/Guess",
    );
    let mut req = request.into_streaming_request();
    req.extensions_mut()
        .insert(GrpcMethod::new("guess_number.v1.GuessNumberService", "Guess"));
    self.inner.streaming(req, path, codec).await
}
