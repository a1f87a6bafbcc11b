//! Lesson 4: the exercise, and what the chapter says of maps and oneofs.

#[path = "../../lessons/04_map_oneof/exercise.rs"]
mod exercise;
#[path = "../../lessons/04_map_oneof/solution.rs"]
mod solution;
#[path = "../../lessons/04_map_oneof/wrong_empty.rs"]
mod wrong_empty;
#[path = "../../lessons/04_map_oneof/wrong_field.rs"]
mod wrong_field;
#[path = "../../lessons/04_map_oneof/wrong_forgets.rs"]
mod wrong_forgets;
#[path = "../../lessons/04_map_oneof/wrong_half.rs"]
mod wrong_half;
#[path = "../../lessons/04_map_oneof/wrong_mixed.rs"]
mod wrong_mixed;
#[path = "../../lessons/04_map_oneof/wrong_twice.rs"]
mod wrong_twice;

/// The check of the exercise.
mod check;
/// Maps on the wire.
mod maps;
/// Oneofs on the wire.
mod oneofs;
/// The lesson's service, called in this process.
mod service;
/// What the compiler refuses.
mod refused;
/// Well-known types.
mod well_known;
/// The lesson's server and client, from outside.
mod programs;
/// What the chapter shows of bytes and of generated code.
mod page;

use std::collections::HashMap;

use grpc_workbook::Lesson;
use grpc_workbook::map_oneof::AddressBook;
use grpc_workbook::map_oneof::proto::{Address, Person, SaveRequest, person::Reach};
use support::lesson;

use check::{check, serving};

const LESSON: &Lesson = lesson(4);

support::exercise! {
    files: "lessons/04_map_oneof/exercise.rs",
    serve: |answer| serving(answer::UpdatingBook::default()),
    check: check,
    own: serving(AddressBook::default()),
    wrong: [
        wrong_empty => "book/generated/04-map-oneof-report.txt",
        wrong_field,
        wrong_forgets,
        wrong_half,
        wrong_mixed,
    ],
}

// --- people, for all modules

fn email(email: &str) -> Option<Reach> {
    Some(Reach::Email(email.into()))
}

fn phone(phone: &str) -> Option<Reach> {
    Some(Reach::Phone(phone.into()))
}

fn address(street: &str, city: &str) -> Option<Reach> {
    Some(Reach::Address(Address { street: street.into(), city: city.into() }))
}

fn person(reach: Option<Reach>, note: &str) -> Person {
    Person { note: note.into(), reach }
}

fn people<const N: usize>(people: [(&str, Person); N]) -> HashMap<String, Person> {
    people
        .into_iter()
        .map(|(name, person)| (name.into(), person))
        .collect()
}

fn request<const N: usize>(entries: [(&str, Person); N]) -> SaveRequest {
    SaveRequest { people: people(entries) }
}
