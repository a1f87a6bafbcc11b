//! Protects a client from details that are not base64, which tonic's client takes for a mistake of
//! its own, and panics.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, Response};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tower::ServiceExt;
use tower::util::MapResponse;

/// The header, or trailer, with the details of a status.
const DETAILS: &str = "grpc-status-details-bin";

// ANCHOR: guard
/// A channel whose responses have passed [`guarded`].
pub type GuardedChannel = MapResponse<Channel, fn(Response<Body>) -> Response<Body>>;

/// Looks at each response of a channel before the generated client does.
pub fn guard(channel: Channel) -> GuardedChannel {
    channel.map_response(guarded)
}

/// Removes details that are not base64. The code and the message stay.
fn guarded(mut response: Response<Body>) -> Response<Body> {
    remove_bad_details(response.headers_mut());
    response.map(|body| Body::new(GuardedBody { inner: body }))
}

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
