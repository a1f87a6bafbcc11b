/// Server streaming response type for the ListSubjects method.
type ListSubjectsStream: tonic::codegen::tokio_stream::Stream<
        Item = std::result::Result<super::ListSubjectsResponse, tonic::Status>,
    >
    + std::marker::Send
    + 'static;
/// Sends the subjects of a city, one by one.
async fn list_subjects(
    &self,
    request: tonic::Request<super::ListSubjectsRequest>,
) -> std::result::Result<
    tonic::Response<Self::ListSubjectsStream>,
    tonic::Status,
>;
