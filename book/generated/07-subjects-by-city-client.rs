pub async fn list_subjects(
    &mut self,
    request: impl tonic::IntoRequest<super::ListSubjectsRequest>,
) -> std::result::Result<
    tonic::Response<tonic::codec::Streaming<super::ListSubjectsResponse>>,
    tonic::Status,
>
