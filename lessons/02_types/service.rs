//! The service of lesson 2: answers with how each field of its request was encoded.
//!
//! A method of a service gets a message, and no longer the bytes that it came in. This one needs
//! both, so its requests are decoded by a codec of our own, [`RawRequestCodec`], at the end.

pub mod compression;
pub mod wire;

use prost::Message;
use prost::bytes::{Buf, Bytes};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Response, Status};

use wire::{Reader, Value};

/// What build.rs generated from `protos/types.proto`.
pub mod proto {
    tonic::include_proto!("types.v1");

    /// A second server for the same service, which decodes with our codec: its method takes a
    /// [`RawRequest`](super::RawRequest). It comes from build.rs, not from the `.proto`.
    // Generated code makes its codec with `default`, whether it has fields or not.
    #[allow(clippy::default_constructed_unit_structs)]
    pub mod raw_request {
        tonic::include_proto!("types.v1.TypesService");
    }
}

use proto::raw_request::types_service_server::TypesService;
use proto::{Color, EncodedField, InspectRequest, InspectResponse};

// ANCHOR: inspect
/// The service. It keeps nothing from one call to the next.
pub struct Inspector;

#[tonic::async_trait]
impl TypesService for Inspector {
    async fn inspect(
        &self,
        request: Request<RawRequest>,
    ) -> Result<Response<InspectResponse>, Status> {
        let RawRequest { message, bytes } = request.into_inner();
        let (mut numbers, mut fields) = (Vec::new(), Vec::new());
        for field in Reader::new(&bytes) {
            // The codec has decoded these bytes: malformed ones did not get this far.
            let field = field.map_err(|error| Status::internal(error.to_string()))?;
            let (kind, value) = value_of(&message, field.number);
            numbers.push(field.number);
            fields.push(EncodedField {
                r#type: kind.into(),
                why: why(kind, field.value).into(),
                value,
                tag: bytes[field.tag].to_vec(),
                length: bytes[field.length].to_vec(),
                payload: bytes[field.payload].to_vec(),
            });
        }
        println!("Inspect {} bytes -> fields {numbers:?}", bytes.len());
        Ok(Response::new(InspectResponse { fields }))
    }
}
// ANCHOR_END: inspect

/// The type of a field in the `.proto`, and the value that it has in Rust.
fn value_of(m: &InspectRequest, number: u32) -> (&'static str, String) {
    match number {
        1 => ("double", format!("{:?}", m.double_value)),
        2 => ("float", format!("{:?}", m.float_value)),
        3 => ("int32", m.int32_value.to_string()),
        4 => ("int64", m.int64_value.to_string()),
        5 => ("uint32", m.uint32_value.to_string()),
        6 => ("uint64", m.uint64_value.to_string()),
        7 => ("sint32", m.sint32_value.to_string()),
        8 => ("sint64", m.sint64_value.to_string()),
        9 => ("fixed32", m.fixed32_value.to_string()),
        10 => ("fixed64", m.fixed64_value.to_string()),
        11 => ("sfixed32", m.sfixed32_value.to_string()),
        12 => ("sfixed64", m.sfixed64_value.to_string()),
        13 => ("bool", m.bool_value.to_string()),
        14 => ("string", format!("{:?}", m.string_value)),
        15 => ("bytes", format!("{:02x?}", m.bytes_value)),
        16 => ("enum", color_name(m.enum_value)),
        _ => ("", "unknown".into()),
    }
}

// ANCHOR: enum
/// The name of a color in the `.proto`. Any number may arrive, so some have no name.
fn color_name(number: i32) -> String {
    match Color::try_from(number) {
        Ok(color) => color.as_str_name().into(),
        Err(_) => format!("{number} has no name"),
    }
}
// ANCHOR_END: enum

/// Why a value of this type has this encoding.
fn why(kind: &str, value: Value) -> &'static str {
    match (kind, value) {
        ("sint32" | "sint64", _) => "zigzag",
        ("int32" | "int64" | "enum", Value::Varint(n)) if n >= 1 << 63 => {
            "negative: 64 bits"
        }
        (_, Value::Varint(n)) if n < 1 << 7 => "fits into 7 bits",
        (_, Value::Varint(_)) => "lowest 7 bits first",
        (_, Value::I32(_)) => "always 4 bytes",
        (_, Value::I64(_)) => "always 8 bytes",
        ("string", _) => "length, then UTF-8",
        (_, Value::Len(_)) => "length, then bytes",
        (_, Value::StartGroup | Value::EndGroup) => "a group",
    }
}

/// A request, decoded and as it came.
pub struct RawRequest {
    /// What prost made of the bytes.
    pub message: InspectRequest,
    /// The encoded message, without gRPC's five bytes before it.
    pub bytes: Bytes,
}

/// A codec that keeps the bytes of a request. `ProstCodec`, which generated code names otherwise,
/// drops them once they are decoded.
#[derive(Default)]
pub struct RawRequestCodec;

impl Codec for RawRequestCodec {
    type Encode = InspectResponse;
    type Decode = RawRequest;
    type Encoder = RawRequestCodec;
    type Decoder = RawRequestCodec;

    fn encoder(&mut self) -> RawRequestCodec {
        RawRequestCodec
    }

    fn decoder(&mut self) -> RawRequestCodec {
        RawRequestCodec
    }
}

impl Encoder for RawRequestCodec {
    type Item = InspectResponse;
    type Error = Status;

    fn encode(
        &mut self,
        message: InspectResponse,
        to: &mut EncodeBuf<'_>,
    ) -> Result<(), Status> {
        message
            .encode(to)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

// ANCHOR: decoder
impl Decoder for RawRequestCodec {
    type Item = RawRequest;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<RawRequest>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        // INTERNAL is ProstCodec's status for it, too.
        let message = InspectRequest::decode(bytes.clone());
        let message = message.map_err(|error| Status::internal(error.to_string()))?;
        Ok(Some(RawRequest { message, bytes }))
    }
}
// ANCHOR_END: decoder
