//! The check of the exercise: every field's bytes must be those that prost makes.

use std::ops::Range;

use grpc_workbook::types::proto::types_service_client::TypesServiceClient;
use grpc_workbook::types::proto::types_service_server::{
    TypesService, TypesServiceServer,
};
use grpc_workbook::types::proto::{EncodedField, InspectRequest};
use grpc_workbook::types::wire::Reader;
use prost::Message;
use support::bytes::hex;
use support::checks::{Checks, Verdict, outcome};
use tonic::service::Routes;

use crate::blank;

/// Calls an answer with values at which the encoding changes, and compares field by field.
pub async fn check(server: Routes) -> Verdict {
    let types = TypesServiceClient::new(server);
    let mut checks = Checks::default();
    for (int32_value, sint32_value, string_value) in [
        (1, 1, "a"),
        (0, 0, ""),
        (300, -300, "grüß dich"),
        (-1, -1, "你好"),
        (i32::MAX, i32::MIN, &"long ".repeat(30)),
        (i32::MIN, i32::MAX, ""),
    ] {
        let string_value = string_value.to_string();
        // The report shows a long text by its length.
        let text = match string_value.len() {
            0..=40 => format!("{string_value:?}"),
            length => format!("a string of {length} bytes"),
        };
        let call = format!("Inspect({int32_value}, {sint32_value}, {text})");
        let fields =
            InspectRequest { int32_value, sint32_value, string_value, ..blank() };
        let expected = by_prost(&fields);
        let mut types = types.clone();
        let response = async move {
            let response = outcome(types.inspect(fields).await);
            response.map(|response| response.fields.iter().map(field_line).collect())
        };
        checks.call(call, response, Ok(expected)).await;
    }
    checks.verdict()
}

/// The fields of a request as prost encodes them.
fn by_prost(request: &InspectRequest) -> Vec<String> {
    let bytes = request.encode_to_vec();
    let mut fields = Vec::new();
    for field in Reader::new(&bytes) {
        let field = field.expect("prost should write a message");
        let kind = match field.number {
            3 => "int32",
            7 => "sint32",
            _ => "string",
        };
        let part = |range: Range<usize>| bytes[range].to_vec();
        fields.push(field_line(&EncodedField {
            r#type: kind.into(),
            tag: part(field.tag),
            length: part(field.length),
            payload: part(field.payload),
            ..EncodedField::default()
        }));
    }
    fields
}

/// A field on a line: its type, and tag, length and payload in hexadecimal.
pub fn field_line(field: &EncodedField) -> String {
    let EncodedField { r#type, tag, length, payload, .. } = field;
    let mut line = r#type.clone();
    for part in [tag, length, payload] {
        // A length is often empty, and so may be a wrong answer's tag.
        if !part.is_empty() {
            line += " ";
            line += &hex(part).replace(' ', "");
        }
    }
    line
}

/// A server with this answer to the exercise.
pub fn serving(service: impl TypesService) -> Routes {
    Routes::new(TypesServiceServer::new(service))
}
