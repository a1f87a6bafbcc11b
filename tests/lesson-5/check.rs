//! The check of the exercise: bodies to take apart, and what each call must return.

use grpc_workbook::http2::proto::{
    SplitRequest, split_service_client::SplitServiceClient,
};
use support::checks::{Checks, Verdict, outcome};
use tonic::service::Routes;

/// Messages for the report; the long one would fill the page.
fn texts(messages: Vec<Vec<u8>>) -> Vec<String> {
    let mut texts = Vec::new();
    for message in messages {
        texts.push(if message == [7; 257] {
            "257 times 7".to_string()
        } else {
            message.escape_ascii().to_string()
        });
    }
    texts
}

/// Makes every call to `server`. Returns the report; as an error if a call went wrong.
pub async fn check(server: Routes) -> Verdict {
    let client = SplitServiceClient::new(server);
    let mut checks = Checks::default();
    let cut = || Err("INVALID_ARGUMENT: the body ends inside a message".to_string());
    let compressed =
        || Err("UNIMPLEMENTED: compressed messages are not supported".to_string());
    let unknown_flag =
        || Err("INVALID_ARGUMENT: the flag is neither 0 nor 1".to_string());
    let long = [&[0, 0, 0, 1, 1][..], &[7; 257]].concat();
    for (name, body, expected) in [
        ("nothing", &b""[..], Ok(vec![])),
        ("one message", b"\0\0\0\0\x02hi", Ok(vec![b"hi".to_vec()])),
        (
            "two messages, an empty one between",
            b"\0\0\0\0\x01a\0\0\0\0\0\0\0\0\0\x02bc",
            Ok(vec![b"a".to_vec(), vec![], b"bc".to_vec()]),
        ),
        ("an empty message", b"\0\0\0\0\0", Ok(vec![vec![]])),
        ("a message of 257 bytes", &long, Ok(vec![vec![7; 257]])),
        ("half a prefix", b"\0\0\0", cut()),
        ("a message, then half a prefix", b"\0\0\0\0\x01a\0\0", cut()),
        ("half a message", b"\0\0\0\0\x03hi", cut()),
        ("a length of 4294967295", b"\0\xff\xff\xff\xff", cut()),
        ("a compressed message", b"\x01\0\0\0\x02hi", compressed()),
        ("a message, then a compressed one", b"\0\0\0\0\0\x01\0\0\0\0", compressed()),
        ("a flag of 2", b"\x02\0\0\0\x02hi", unknown_flag()),
        ("half a compressed message", b"\x01\0\0\0\x03hi", compressed()),
        ("half a prefix with a flag of 2", b"\x02\0\0", cut()),
    ] {
        let mut client = client.clone();
        let request = SplitRequest { body: body.into() };
        let response = async move {
            let response = outcome(client.split(request).await);
            response.map(|response| texts(response.messages))
        };
        let call = format!("Split({name})");
        checks.call(call, response, expected.map(texts)).await;
    }
    checks.verdict()
}
