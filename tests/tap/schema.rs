//! Messages as text: the values that a `.proto` gives to bytes.

use grpc_workbook::tap::schema::Schema;

/// What the tap shows of a request of lesson 2.
fn described(request: &[u8]) -> Option<String> {
    let schema = Schema::of_the_workbook();
    let message = schema.message_of("/types.v1.TypesService/Inspect", false);
    schema.describe(message, request)
}

/// Any number may arrive, also a negative one: it is shown as the `int32` that it is.
#[test]
fn an_enum_is_shown_by_name_or_number() {
    for (bytes, shown) in [
        (&b"\x80\x01\x01"[..], "COLOR_RED"),
        (b"\x80\x01\x63", "99"),
        (b"\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "-1"),
    ] {
        let expected = format!("InspectRequest {{ enum_value: {shown} }}");
        assert_eq!(described(bytes), Some(expected));
    }
}
