//! Exercise 2, a wrong answer: it sends 32 bits of a negative int32.

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
            // Wrong: an int32 is widened to 64 bits with its sign, and this drops the sign.
            let payload = varint(u64::from(int32_value as u32));
            fields.push(field("int32", vec![3 << 3], vec![], payload));
        }
        if sint32_value != 0 {
            let payload = varint(zigzag(sint32_value));
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

/// 0, -1, 1, -2 become 0, 1, 2, 3: small numbers of either sign stay small.
fn zigzag(n: i32) -> u64 {
    u64::from((n << 1 ^ n >> 31) as u32)
}
