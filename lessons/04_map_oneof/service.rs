//! The service of lesson 4: an address book, whose people are a map and whose ways to
//! reach them are a oneof.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tonic::{Request, Response, Status};

/// What build.rs generated from `protos/map_oneof.proto`.
pub mod proto {
    tonic::include_proto!("map_oneof.v1");
}

use proto::address_book_service_server::AddressBookService;
use proto::{FindRequest, FindResponse, Person, SaveRequest, SaveResponse};

/// An empty book at first. Calls run at the same time, so they take turns with a lock.
#[derive(Default)]
pub struct AddressBook {
    people: Mutex<BTreeMap<String, Person>>,
}

impl AddressBook {
    /// The people in the book, locked for as long as the caller keeps the result.
    pub fn people(&self) -> MutexGuard<'_, BTreeMap<String, Person>> {
        // A lock is poisoned when its holder panicked. A book is right after each insert,
        // so there is nothing to mend.
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl AddressBookService for AddressBook {
    async fn save(
        &self,
        request: Request<SaveRequest>,
    ) -> Result<Response<SaveResponse>, Status> {
        // A HashMap has an order of its own. Sorted, the same request gets the same
        // answer: of two people who cannot be reached, it always names the same one.
        let people = BTreeMap::from_iter(request.into_inner().people);
        let names: Vec<String> = people.keys().cloned().collect();

        // All of them before any is saved: a call that fails has changed nothing.
        for (name, person) in &people {
            if person.reach.is_none() {
                let what = format!("people[{name:?}].reach is not set");
                println!("Save {names:?} -> INVALID_ARGUMENT: {what}");
                return Err(Status::invalid_argument(what));
            }
        }
        let mut response = SaveResponse::default();
        let mut book = self.people();
        for (name, person) in people {
            match book.insert(name, person) {
                None => response.added += 1,
                Some(_) => response.replaced += 1,
            }
        }
        let SaveResponse { added, replaced } = response;
        println!("Save {names:?} -> {added} added, {replaced} replaced");
        Ok(Response::new(response))
    }

    async fn find(
        &self,
        request: Request<FindRequest>,
    ) -> Result<Response<FindResponse>, Status> {
        let book = self.people();
        let people: HashMap<String, Person> = match request.into_inner().name {
            None => book.clone().into_iter().collect(),
            Some(name) => match book.get(&name) {
                Some(person) => HashMap::from([(name, person.clone())]),
                None => {
                    let what = format!("nobody is called {name:?}");
                    println!("Find -> NOT_FOUND: {what}");
                    return Err(Status::not_found(what));
                }
            },
        };
        println!("Find -> {:?}", BTreeMap::from_iter(&people).keys());
        Ok(Response::new(FindResponse { people }))
    }
}
