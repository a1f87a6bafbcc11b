pub async fn calculate(
    &mut self,
    request: impl tonic::IntoRequest<super::CalculateRequest>,
) -> std::result::Result<
    tonic::Response<super::CalculateResponse>,
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
        "/calculator.v1.CalculatorService/Calculate",
    );
    let mut req = request.into_request();
    req.extensions_mut()
        .insert(GrpcMethod::new("calculator.v1.CalculatorService", "Calculate"));
    self.inner.unary(req, path, codec).await
}
