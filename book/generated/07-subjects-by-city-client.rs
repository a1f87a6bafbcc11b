pub async fn list_subjects(
    &mut self,
    request: impl tonic::IntoRequest<super::ListSubjectsRequest>,
) -> std::result::Result<
    tonic::Response<tonic::codec::Streaming<super::ListSubjectsResponse>>,
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
        "/subjects_by_city.v1.SubjectsByCityService/ListSubjects",
    );
    let mut req = request.into_request();
    req.extensions_mut()
        .insert(
            GrpcMethod::new(
                "subjects_by_city.v1.SubjectsByCityService",
                "ListSubjects",
            ),
        );
    self.inner.server_streaming(req, path, codec).await
}
