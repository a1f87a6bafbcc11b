pub async fn calculate(
    &mut self,
    request: impl tonic::IntoRequest<super::CalculateRequest>,
) -> std::result::Result<
    tonic::Response<super::CalculateResponse>,
    tonic::Status,
>
