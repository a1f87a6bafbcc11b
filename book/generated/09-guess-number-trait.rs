pub trait GuessNumberService: std::marker::Send + std::marker::Sync + 'static {
    /// Server streaming response type for the Guess method.
    type GuessStream: tonic::codegen::tokio_stream::Stream<
            Item = std::result::Result<super::GuessResponse, tonic::Status>,
        >
        + std::marker::Send
        + 'static;
    /// Answers the guesses that are right, and says nothing to the others.
    async fn guess(
        &self,
        request: tonic::Request<tonic::Streaming<super::GuessRequest>>,
    ) -> std::result::Result<tonic::Response<Self::GuessStream>, tonic::Status>;
    /// Server streaming response type for the Echo method.
    type EchoStream: tonic::codegen::tokio_stream::Stream<
            Item = std::result::Result<super::EchoResponse, tonic::Status>,
        >
        + std::marker::Send
        + 'static;
    /// Answers every message.
    async fn echo(
        &self,
        request: tonic::Request<tonic::Streaming<super::EchoRequest>>,
    ) -> std::result::Result<tonic::Response<Self::EchoStream>, tonic::Status>;
}
