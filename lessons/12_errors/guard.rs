//! Protects a client from two kinds of responses: a page of HTML, which tonic's client takes for a
//! message, and details that are not base64, at which it panics.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, HeaderValue, Response, StatusCode};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tower::ServiceExt;
use tower::util::MapResponse;

/// The header, or trailer, with the details of a status.
const DETAILS: &str = "grpc-status-details-bin";

// ANCHOR: guard
/// A channel that looks at each response, and mends it where it must.
pub type GuardedChannel = MapResponse<Channel, fn(Response<Body>) -> Response<Body>>;

/// Looks at each response of a channel before the generated client does.
pub fn guard(channel: Channel) -> GuardedChannel {
    channel.map_response(guarded)
}

/// Mends a response, if it must be.
fn guarded(mut response: Response<Body>) -> Response<Body> {
    if !is_grpc(&response) {
        // Without a body, tonic maps the status of HTTP.
        return response.map(|_| Body::empty());
    }
    remove_bad_details(response.headers_mut());
    response.map(|body| Body::new(GuardedBody { inner: body }))
}

/// Whether a server of gRPC sent this response, and not a proxy.
fn is_grpc(response: &Response<Body>) -> bool {
    let headers = response.headers();
    let content_type = headers.get("content-type").map(HeaderValue::as_bytes);
    let has_type = content_type.is_some_and(|it| it.starts_with(b"application/grpc"));
    let has_status = headers.contains_key("grpc-status");
    has_status || response.status() == StatusCode::OK && has_type
}

/// Removes details that are not base64. The code and the message stay.
fn remove_bad_details(headers: &mut HeaderMap) {
    // Cloning the headers is cheap enough for the few responses that have details.
    if headers.contains_key(DETAILS) {
        let metadata = MetadataMap::from_headers(headers.clone());
        let details = metadata.get_bin(DETAILS);
        if details.is_some_and(|value| value.to_bytes().is_err()) {
            headers.remove(DETAILS);
        }
    }
}
// ANCHOR_END: guard

/// A response's body, whose trailers are looked at as its headers were.
struct GuardedBody {
    /// The messages, and then the trailers.
    inner: Body,
}

impl HttpBody for GuardedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            remove_bad_details(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
