//! Exercise 4, a wrong answer: it locks the book twice in one statement, so no call ends.

use std::collections::BTreeMap;

use grpc_workbook::map_oneof::AddressBook;
use grpc_workbook::map_oneof::proto::address_book_service_server::AddressBookService;
use grpc_workbook::map_oneof::proto::{
    FindRequest, FindResponse, SaveRequest, SaveResponse,
};
use tonic::{Request, Response, Status};

/// The service that the check calls.
#[derive(Default)]
pub struct UpdatingBook {
    /// The lesson's own service, which keeps the people and finds them.
    inner: AddressBook,
}

#[tonic::async_trait]
impl AddressBookService for UpdatingBook {
    async fn save(
        &self,
        request: Request<SaveRequest>,
    ) -> Result<Response<SaveResponse>, Status> {
        let people = BTreeMap::from_iter(request.into_inner().people);
        for (name, person) in &people {
            if person.reach.is_none() && !self.inner.people().contains_key(name) {
                let what = format!("people[{name:?}].reach is not set");
                return Err(Status::invalid_argument(what));
            }
        }
        let mut response = SaveResponse::default();
        for (name, person) in people {
            // ANCHOR: twice
            match self.inner.people().get_mut(&name) {
                None => {
                    // Wrong: the guard of the line above lives to the end of the `match`.
                    self.inner.people().insert(name, person);
                    response.added += 1;
                }
                Some(known) => {
                    if person.reach.is_some() {
                        known.reach = person.reach;
                    }
                    if !person.note.is_empty() {
                        known.note = person.note;
                    }
                    response.replaced += 1;
                }
            }
            // ANCHOR_END: twice
        }
        Ok(Response::new(response))
    }

    async fn find(
        &self,
        request: Request<FindRequest>,
    ) -> Result<Response<FindResponse>, Status> {
        self.inner.find(request).await
    }
}
