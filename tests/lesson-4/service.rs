//! The lesson's service, called in this process.

use std::collections::HashMap;
use std::time::Duration;

use grpc_workbook::map_oneof::AddressBook;
use grpc_workbook::map_oneof::proto::{
    FindRequest, FindResponse, Person, SaveRequest, SaveResponse,
    address_book_service_client::AddressBookServiceClient,
};
use support::checks::{outcome, with_limit};
use support::written;

use crate::check::{check, serving};
use crate::wrong_twice::UpdatingBook;
use crate::{email, people, person, request};

/// Whatever the order of the map, the error names the same person, and nobody is saved.
#[tokio::test]
async fn an_error_names_the_first_by_name() {
    let mut book = AddressBookServiceClient::new(serving(AddressBook::default()));
    for _ in 0..20 {
        let unset = (0..20).map(|n| (format!("{n:02}"), Person::default()));
        let request = SaveRequest { people: unset.collect() };
        let response = outcome(book.save(request).await);
        let expected = "INVALID_ARGUMENT: people[\"00\"].reach is not set";
        assert_eq!(response, Err(expected.to_string()));
    }
    let mixed = request([("Ada", person(email("a"), "")), ("Bob", person(None, ""))]);
    assert!(book.save(mixed).await.is_err());
    let nobody = outcome(book.find(FindRequest { name: None }).await);
    assert_eq!(nobody, Ok(FindResponse { people: HashMap::new() }));
}

/// The natural mistake: a `match` keeps the guard of its first line to its end, and an arm locks
/// again. The chapter shows the report's first line.
#[tokio::test]
async fn locking_twice_never_ends() {
    // The learner waits five seconds for the first call; this test does not.
    let limit = Duration::from_millis(500);
    let verdict = with_limit(limit, check(serving(UpdatingBook::default()))).await;
    let report = verdict.expect_err("an answer that locks twice should be rejected");
    let first = report.lines().next().expect("the report should have lines");
    written(
        "book/generated/04-map-oneof-twice.txt",
        &format!("{}\n", first.replace("0.5 s", "5 s")),
    );
}

/// An empty name is a name, and not the same as no name.
#[tokio::test]
async fn an_empty_name_is_a_key() {
    let mut book = AddressBookServiceClient::new(serving(AddressBook::default()));
    let everybody = [
        ("", person(email("a"), "")),
        ("Ada", person(email("b"), "")),
    ];
    let saved = outcome(book.save(request(everybody)).await);
    assert_eq!(saved, Ok(SaveResponse { added: 2, replaced: 0 }));
    let found = outcome(book.find(FindRequest { name: Some("".into()) }).await);
    let people = people([("", person(email("a"), ""))]);
    assert_eq!(found, Ok(FindResponse { people }));
}
