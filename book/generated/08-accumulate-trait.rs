pub trait AccumulateService: std::marker::Send + std::marker::Sync + 'static {
    /// Adds up numbers.
    async fn accumulate(
        &self,
        request: tonic::Request<tonic::Streaming<super::AccumulateRequest>>,
    ) -> std::result::Result<
        tonic::Response<super::AccumulateResponse>,
        tonic::Status,
    >;
    /// Takes words: eleven of them, or as many as there are up to the word `close`.
    async fn collect(
        &self,
        request: tonic::Request<tonic::Streaming<super::CollectRequest>>,
    ) -> std::result::Result<tonic::Response<super::CollectResponse>, tonic::Status>;
}
