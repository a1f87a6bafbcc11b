//! Trailers of our own in a unary call, for which tonic has no method: the service leaves them in the
//! response's extensions, and a layer sends them.

use http_body_util::BodyExt;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::metadata::MetadataMap;

// ANCHOR: trailers
/// An extension of a response: what is sent behind its message.
#[derive(Clone)]
pub struct Trailers(pub MetadataMap);

/// For a layer: adds the trailers that the service has left.
pub fn add_trailers(mut response: http::Response<Body>) -> http::Response<Body> {
    let Some(Trailers(metadata)) = response.extensions_mut().remove() else {
        return response;
    };
    let ours = metadata.into_headers();
    response.map(|body| {
        // A body is a stream of frames: DATA, and the trailers as the last one.
        Body::new(body.map_frame(move |mut frame| {
            if let Some(trailers) = frame.trailers_mut() {
                trailers.extend(ours.clone());
            }
            frame
        }))
    })
}
// ANCHOR_END: trailers
