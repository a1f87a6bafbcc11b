pub async fn accumulate(
    &mut self,
    request: impl tonic::IntoStreamingRequest<Message = super::AccumulateRequest>,
) -> std::result::Result<
    tonic::Response<super::AccumulateResponse>,
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
        "/accumulate.v1.AccumulateService/Accumulate",
    );
    let mut req = request.into_streaming_request();
    req.extensions_mut()
        .insert(
            GrpcMethod::new("accumulate.v1.AccumulateService", "Accumulate"),
        );
    self.inner.client_streaming(req, path, codec).await
}
