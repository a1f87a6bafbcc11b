pub trait CalculatorService: std::marker::Send + std::marker::Sync + 'static {
    async fn calculate(
        &self,
        request: tonic::Request<super::CalculateRequest>,
    ) -> std::result::Result<
        tonic::Response<super::CalculateResponse>,
        tonic::Status,
    >;
}
