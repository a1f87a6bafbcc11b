//! Exercise 2: encode by hand. Yours to finish.
//!
//! `inspect` answers with the bytes of three of the request's fields, int32_value (number 3),
//! sint32_value (7) and string_value (14), in this order: for each an `EncodedField` with `type`
//! ("int32", "sint32", "string"), `tag`, `length` (empty if the wire type has none) and `payload`.
//! `value` and `why` stay empty. A field that has its default is not sent, so leave it out.
//! Make the bytes yourself, without prost.
//!
//! Check it with: cargo test --test lesson-2 -- --ignored --nocapture

use grpc_workbook::types::proto::types_service_server::TypesService;
use grpc_workbook::types::proto::{EncodedField, InspectRequest, InspectResponse};
use tonic::{Request, Response, Status};

/// The service that the check calls.
pub struct HandEncoder;

#[tonic::async_trait]
impl TypesService for HandEncoder {
    async fn inspect(
        &self,
        request: Request<InspectRequest>,
    ) -> Result<Response<InspectResponse>, Status> {
        let InspectRequest { int32_value, .. } = request.into_inner();
        let int32 = EncodedField {
            r#type: "int32".into(),
            // Which field is this, and of which wire type?
            tag: Vec::new(),
            // `as u64` widens with the sign: -1 becomes 64 ones.
            payload: varint(int32_value as u64),
            ..EncodedField::default()
        };
        let fields = vec![int32];
        Ok(Response::new(InspectResponse { fields }))
    }
}

/// Seven bits a byte, the lowest first; the eighth bit says that more follow.
fn varint(_n: u64) -> Vec<u8> {
    Vec::new()
}
