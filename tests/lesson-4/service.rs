//! The lesson's service, called in this process.

use std::collections::HashMap;

use grpc_workbook::map_oneof::AddressBook;
use grpc_workbook::map_oneof::proto::{
    FindRequest, FindResponse, Person, SaveRequest, SaveResponse,
    address_book_service_client::AddressBookServiceClient,
};
use support::checks::outcome;

use crate::check::serving;
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
