pub trait SubjectsByCityService: std::marker::Send + std::marker::Sync + 'static {
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
    /// Server streaming response type for the Tick method.
    type TickStream: tonic::codegen::tokio_stream::Stream<
            Item = std::result::Result<super::TickResponse, tonic::Status>,
        >
        + std::marker::Send
        + 'static;
    /// Sends a message again and again, until the client leaves.
    async fn tick(
        &self,
        request: tonic::Request<super::TickRequest>,
    ) -> std::result::Result<tonic::Response<Self::TickStream>, tonic::Status>;
}
