//! Messages as raw bytes, to send what a generated client cannot: bytes that are no
//! message, paths that no service has.

use prost::bytes::{Buf, BufMut, Bytes};
use tokio_stream::Stream;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};

/// Makes a unary call of `path`, such as `/helloworld.Greeter/SayHello`, with `message`
/// as it is. Returns the answer as it came.
///
/// tonic puts the five-byte prefix before the message, and takes it off the answer; the
/// bytes in between are `message`, unchanged.
///
/// # Errors
/// The status with which the call ended, if it is not OK; UNAVAILABLE if the connection
/// is gone.
pub async fn unary(
    channel: Channel,
    path: &'static str,
    message: impl AsRef<[u8]>,
) -> Result<Response<Bytes>, Status> {
    let request = Request::new(Bytes::copy_from_slice(message.as_ref()));
    let mut grpc = ready(channel).await?;
    grpc.unary(request, PathAndQuery::from_static(path), RawCodec)
        .await
}

/// [`unary`], with a stream of messages: a call of a method with `stream` in its request.
///
/// # Errors
/// Those of [`unary`].
pub async fn client_streaming(
    channel: Channel,
    path: &'static str,
    messages: impl Stream<Item = Bytes> + Send + 'static,
) -> Result<Response<Bytes>, Status> {
    let mut grpc = ready(channel).await?;
    grpc.client_streaming(
        Request::new(messages),
        PathAndQuery::from_static(path),
        RawCodec,
    )
    .await
}

/// [`client_streaming`], with a stream of responses too.
///
/// # Errors
/// Those of [`unary`]. A call that ends later says so in the stream.
pub async fn streaming(
    channel: Channel,
    path: &'static str,
    messages: impl Stream<Item = Bytes> + Send + 'static,
) -> Result<Response<Streaming<Bytes>>, Status> {
    let mut grpc = ready(channel).await?;
    grpc.streaming(Request::new(messages), PathAndQuery::from_static(path), RawCodec)
        .await
}

/// A client on `channel`, once that can take a call.
async fn ready(channel: Channel) -> Result<Grpc<Channel>, Status> {
    let mut grpc = Grpc::new(channel);
    let ready = grpc.ready().await;
    ready.map_err(|error| Status::from_error(error.into()))?;
    Ok(grpc)
}

/// A codec that neither encodes nor decodes: its message is the bytes that a generated
/// client would make from a message.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = RawCodec;
    type Decoder = RawCodec;

    fn encoder(&mut self) -> RawCodec {
        RawCodec
    }

    fn decoder(&mut self) -> RawCodec {
        RawCodec
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(
        &mut self,
        message: Bytes,
        buffer: &mut EncodeBuf<'_>,
    ) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
