//! The calls of note 004, as its servers in Python and Node take them: other names than those
//! of lessons 6 to 9, and the same numbers.

use grpc_workbook::notes::proto::demo::{
    Answer, City, Delta, Number, Result as Calculated, Subject, Sum, Work as Task,
    work::Operation,
};
use grpc_workbook::speed::workload::Workload;
use grpc_workbook::subjects_by_city::subjects;
use prost::Message;
use prost::bytes::Bytes;
use tonic::codegen::http::uri::PathAndQuery;

/// The call of the notes that is that of lesson 6, 7, 8 or 9 in ours.
pub fn workload(lesson: u8, messages: u32) -> Workload {
    match lesson {
        6 => calculate(),
        7 => get_subjects(),
        8 => accumulate(messages),
        9 => guess_number(messages),
        _ => unreachable!("the notes have no call for lesson {lesson}"),
    }
}

fn calculate() -> Workload {
    let op = Operation::Divide.into();
    Workload {
        name: "Calculate".into(),
        path: PathAndQuery::from_static("/Demo/Calculate"),
        request: bytes(&Task { num1: 100, num2: 20, op }),
        request_count: 1,
        responses: vec![bytes(&Calculated { val: 5 })],
        times: 1,
    }
}

fn get_subjects() -> Workload {
    let city = "beijing";
    let mut responses = Vec::new();
    for name in subjects(city).expect("the city should be known") {
        responses.push(bytes(&Subject { name: name.to_string() }));
    }
    Workload {
        name: "GetSubjects".into(),
        path: PathAndQuery::from_static("/Demo/GetSubjects"),
        request: bytes(&City { name: city.into() }),
        request_count: 1,
        responses,
        times: 1,
    }
}

fn accumulate(messages: u32) -> Workload {
    let val = i32::try_from(messages).expect("the sum should fit");
    Workload {
        name: "Accumulate".into(),
        path: PathAndQuery::from_static("/Demo/Accumulate"),
        request: bytes(&Delta { val: 1 }),
        request_count: messages as usize,
        responses: vec![bytes(&Sum { val })],
        times: 1,
    }
}

fn guess_number(messages: u32) -> Workload {
    let answer = Answer { val: 5, desc: "bingo".into() };
    Workload {
        name: "GuessNumber".into(),
        path: PathAndQuery::from_static("/Demo/GuessNumber"),
        request: bytes(&Number { val: 5 }),
        request_count: messages as usize,
        responses: vec![bytes(&answer)],
        times: messages as usize,
    }
}

fn bytes(message: &impl Message) -> Bytes {
    Bytes::from(message.encode_to_vec())
}
