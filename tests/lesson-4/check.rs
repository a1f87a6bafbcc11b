//! The check of the exercise: requests, one after the other, and the whole book in between.

use std::collections::BTreeMap;

use grpc_workbook::map_oneof::proto::{
    FindRequest, FindResponse, Person, SaveRequest, SaveResponse,
    address_book_service_client::AddressBookServiceClient,
    address_book_service_server::{AddressBookService, AddressBookServiceServer},
};
use support::checks::{Checks, Outcome, Verdict, outcome};
use tonic::service::Routes;

use crate::{address, email, people, person, phone, request};

/// An answer that is being checked.
struct Trial {
    /// Calls the answer.
    book: AddressBookServiceClient<Routes>,
    /// The calls so far.
    checks: Checks,
    /// Everybody who must be in the book by now.
    expected: BTreeMap<String, Person>,
}

impl Trial {
    /// Makes a call of `Save`, which must add and replace so many people, or fail.
    async fn save(
        &mut self,
        what: &str,
        request: SaveRequest,
        expected: Outcome<(i32, i32)>,
    ) {
        let mut book = self.book.clone();
        let response = async move { outcome(book.save(request).await) };
        let expected = expected.map(|(added, replaced)| SaveResponse { added, replaced });
        let call = format!("Save {what}");
        self.checks.call(call, response, expected).await;
    }

    /// Compares everybody in the book with those who must be there.
    async fn find_everybody(&mut self) {
        let mut book = self.book.clone();
        let people = async move {
            let response = outcome(book.find(FindRequest { name: None }).await);
            response.map(|FindResponse { people }| BTreeMap::from_iter(people))
        };
        let expected = Ok(self.expected.clone());
        self.checks.call("Find everybody", people, expected).await;
    }

    /// From now on this person must be in the book.
    fn must_have(&mut self, name: &str, person: Person) {
        self.expected.insert(name.into(), person);
    }
}

/// How a call must end that names a new person with nothing set.
fn missing(name: &str) -> Outcome<(i32, i32)> {
    Err(format!("INVALID_ARGUMENT: people[{name:?}].reach is not set"))
}

/// Checks an answer, whose book must be empty.
pub async fn check(server: Routes) -> Verdict {
    let mut trial = Trial {
        book: AddressBookServiceClient::new(server),
        checks: Checks::default(),
        expected: BTreeMap::new(),
    };
    change_one_person(&mut trial).await;
    refuse_a_crowd(&mut trial).await;
    replace_an_address(&mut trial).await;
    name_the_first(&mut trial).await;
    set_an_empty_email(&mut trial).await;
    trial.checks.verdict()
}

/// What is set changes, the rest stays.
async fn change_one_person(trial: &mut Trial) {
    let ada = person(email("ada@x.y"), "sees far");
    trial.must_have("Ada", ada.clone());
    let what = "somebody new, Ada: an email and a note";
    trial.save(what, request([("Ada", ada)]), Ok((1, 0))).await;
    trial.find_everybody().await;

    trial.must_have("Ada", person(phone("1"), "sees far"));
    let change = request([("Ada", person(phone("1"), ""))]);
    trial
        .save("Ada: a phone, no note", change, Ok((0, 1)))
        .await;
    trial.find_everybody().await;

    let note = "wrote the first program";
    trial.must_have("Ada", person(phone("1"), note));
    let change = request([("Ada", person(None, note))]);
    trial
        .save("Ada: nothing set but a note", change, Ok((0, 1)))
        .await;
    trial.find_everybody().await;
}

/// One person with nothing set, and nobody of the request is saved or changed.
async fn refuse_a_crowd(trial: &mut Trial) {
    // The map decides in what order the names come. With so many, Zoe is rarely the first.
    let mut crowd = people([
        ("Ada", person(phone("3"), "gone")),
        ("Zoe", Person::default()),
    ]);
    for name in ["Bob", "Cy", "Dan", "Eve", "Fay", "Gus", "Hal"] {
        crowd.insert(name.into(), person(email("x@y"), ""));
    }
    let what = "Ada, seven new people, and Zoe, new, with nothing set";
    trial
        .save(what, SaveRequest { people: crowd }, missing("Zoe"))
        .await;
    trial.find_everybody().await;
}

/// An address is replaced as a whole.
async fn replace_an_address(trial: &mut Trial) {
    let ming = person(address("长安街 1", "北京"), "");
    let change = request([("小明", ming), ("Ada", Person::default())]);
    let what = "小明, new: an address; and Ada: nothing";
    trial.save(what, change, Ok((1, 1))).await;

    let moved = person(address("", "上海"), "");
    trial.must_have("小明", moved.clone());
    let what = "小明: an address of a city alone";
    trial
        .save(what, request([("小明", moved)]), Ok((0, 1)))
        .await;
    trial.find_everybody().await;
}

/// Of several people with nothing set, the error has the first in the order of a `BTreeMap`. An
/// empty name is a name, too.
async fn name_the_first(trial: &mut Trial) {
    let unset = (0..20).map(|n| (format!("{n:02}"), Person::default()));
    let what = "twenty new people, from 00 to 19, all with nothing set";
    let twenty = SaveRequest { people: unset.collect() };
    trial.save(what, twenty, missing("00")).await;

    // By their bytes: capital letters come before small ones.
    let two = request([("ada", Person::default()), ("Zoe", Person::default())]);
    let what = "\"ada\" and \"Zoe\", both new, with nothing set";
    trial.save(what, two, missing("Zoe")).await;

    let nameless = request([("", Person::default())]);
    trial
        .save("\"\", new, with nothing set", nameless, missing(""))
        .await;
    trial.save("nobody", request([]), Ok((0, 0))).await;
}

/// A member that is set to its default is set.
async fn set_an_empty_email(trial: &mut Trial) {
    trial.must_have("Ada", person(email(""), "wrote the first program"));
    let change = request([("Ada", person(email(""), ""))]);
    trial
        .save("Ada: an email, which is \"\"", change, Ok((0, 1)))
        .await;
    trial.find_everybody().await;
}

/// A server with this answer to the exercise.
pub fn serving(book: impl AddressBookService) -> Routes {
    Routes::new(AddressBookServiceServer::new(book))
}
