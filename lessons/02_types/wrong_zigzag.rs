//! Exercise 2, a wrong answer: it encodes a sint32 as if it were an int32.

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
        let InspectRequest { int32_value, sint32_value, string_value, .. } =
            request.into_inner();
        let mut fields = Vec::new();
        if int32_value != 0 {
            let payload = varint(i64::from(int32_value) as u64);
            fields.push(field("int32", vec![3 << 3], vec![], payload));
        }
        if sint32_value != 0 {
            // Wrong: no zigzag, so a negative number takes ten bytes.
            let payload = varint(i64::from(sint32_value) as u64);
            fields.push(field("sint32", vec![7 << 3], vec![], payload));
        }
        if !string_value.is_empty() {
            let length = varint(string_value.len() as u64);
            fields.push(field("string", vec![14 << 3 | 2], length, string_value.into()));
        }
        Ok(Response::new(InspectResponse { fields }))
    }
}

/// A field of the response, without the explanation that the lesson's service adds.
fn field(kind: &str, tag: Vec<u8>, length: Vec<u8>, payload: Vec<u8>) -> EncodedField {
    EncodedField { r#type: kind.into(), tag, length, payload, ..EncodedField::default() }
}

/// Seven bits a byte, the lowest first; the eighth bit says that more follow.
fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}
