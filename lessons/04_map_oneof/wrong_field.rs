//! Exercise 4, a wrong answer: its error does not say whose field is not set.

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
        let mut book = self.inner.people();
        for (name, person) in &people {
            if person.reach.is_none() && !book.contains_key(name) {
                // Wrong: the key is missing, and with it the person to look at.
                return Err(Status::invalid_argument("people.reach is not set"));
            }
        }
        let mut response = SaveResponse::default();
        for (name, person) in people {
            let Some(known) = book.get_mut(&name) else {
                book.insert(name, person);
                response.added += 1;
                continue;
            };
            response.replaced += 1;
            if person.reach.is_some() {
                known.reach = person.reach;
            }
            if !person.note.is_empty() {
                known.note = person.note;
            }
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
