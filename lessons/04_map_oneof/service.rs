//! The service of lesson 4: an address book. Its people are a map, by name, and each person's
//! way to be reached is a oneof.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tonic::{Request, Response, Status};

use crate::status::status_line;

/// What build.rs generated from `protos/map_oneof.proto`.
pub mod proto {
    tonic::include_proto!("map_oneof.v1");
}

use proto::address_book_service_server::AddressBookService;
use proto::{FindRequest, FindResponse, Person, SaveRequest, SaveResponse};

/// The service, with an empty book at first.
#[derive(Default)]
pub struct AddressBook {
    /// Everybody in the book, by name. Each has `reach` set. Calls run at the same time, so the
    /// people are behind a lock.
    people: Mutex<BTreeMap<String, Person>>,
}

impl AddressBook {
    /// The people in the book, locked until the caller drops the guard.
    pub fn people(&self) -> MutexGuard<'_, BTreeMap<String, Person>> {
        // A lock is poisoned when its holder panicked. The book is in order after each insert,
        // so it can be used all the same.
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl AddressBookService for AddressBook {
    // ANCHOR: save
    async fn save(
        &self,
        request: Request<SaveRequest>,
    ) -> Result<Response<SaveResponse>, Status> {
        // A HashMap's order differs from call to call. Sorted, the same request gets the same
        // response: of two people who cannot be reached, the error always names the same one.
        let people = BTreeMap::from_iter(request.into_inner().people);
        let names: Vec<String> = people.keys().cloned().collect();

        // Check all of them before saving any, so that a call which fails changes nothing.
        for (name, person) in &people {
            if person.reach.is_none() {
                let what = format!("people[{name:?}].reach is not set");
                let status = Status::invalid_argument(what);
                println!("Save {names:?} -> {}", status_line(&status));
                return Err(status);
            }
        }
        let mut response = SaveResponse::default();
        {
            let mut book = self.people();
            for (name, person) in people {
                match book.insert(name, person) {
                    None => response.added += 1,
                    Some(_) => response.replaced += 1,
                }
            }
        } // Unlocked before printing, which can block.
        let SaveResponse { added, replaced } = response;
        println!("Save {names:?} -> {added} added, {replaced} replaced");
        Ok(Response::new(response))
    }
    // ANCHOR_END: save

    // ANCHOR: find
    async fn find(
        &self,
        request: Request<FindRequest>,
    ) -> Result<Response<FindResponse>, Status> {
        let people: HashMap<String, Person> = match request.into_inner().name {
            None => self.people().clone().into_iter().collect(),
            Some(name) => {
                // A copy, so that the lock is held for this statement and no longer.
                let person = self.people().get(&name).cloned();
                let Some(person) = person else {
                    let status = Status::not_found(format!("nobody is called {name:?}"));
                    println!("Find -> {}", status_line(&status));
                    return Err(status);
                };
                HashMap::from([(name, person)])
            }
        };
        println!("Find -> {:?}", BTreeMap::from_iter(&people).keys());
        Ok(Response::new(FindResponse { people }))
    }
    // ANCHOR_END: find
}
