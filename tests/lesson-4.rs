//! Lesson 4: the exercise, and what the chapter says of maps and oneofs.

#[path = "../lessons/04_map_oneof/exercise.rs"]
mod exercise;
#[path = "../lessons/04_map_oneof/solution.rs"]
mod solution;
#[path = "../lessons/04_map_oneof/wrong_empty.rs"]
mod wrong_empty;
#[path = "../lessons/04_map_oneof/wrong_field.rs"]
mod wrong_field;
#[path = "../lessons/04_map_oneof/wrong_forgets.rs"]
mod wrong_forgets;
#[path = "../lessons/04_map_oneof/wrong_half.rs"]
mod wrong_half;
#[path = "../lessons/04_map_oneof/wrong_mixed.rs"]
mod wrong_mixed;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use grpc_workbook::Lesson;
use grpc_workbook::map_oneof::AddressBook;
use grpc_workbook::map_oneof::proto::{
    Address, FindRequest, FindResponse, Person, SaveRequest, SaveResponse,
    address_book_service_client::AddressBookServiceClient,
    address_book_service_server::{AddressBookService, AddressBookServiceServer},
    person::Reach,
};
use prost::Message;
use support::checks::{Checks, Outcome, outcome};
use support::programs::{self, Finished, Server, root, run};
use support::written;
use tonic::service::Routes;

fn lesson() -> &'static Lesson {
    Lesson::find(4).expect("is in LESSONS")
}

// --- people

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

// --- the exercise

async fn check(server: Routes) -> Result<String, String> {
    let mut book = AddressBookServiceClient::new(server);
    let mut checks = Checks::default();
    let moved = person(address("", "上海"), "");
    // In what order the names come is up to the map: Zoe is rarely the first.
    let crowd = ["Bob", "Cy", "Dan", "Eve", "Fay", "Gus", "Hal"]
        .map(|name| (name, person(email("x@y"), "")));
    let crowd = people(crowd).into_iter().chain(people([
        ("Ada", person(phone("3"), "gone")),
        ("Zoe", Person::default()),
    ]));
    let missing =
        |name: &str| Err(format!("INVALID_ARGUMENT: people[{name:?}].reach is not set"));
    let mut ada = person(email("ada@x.y"), "sees far");
    let mut expected = BTreeMap::from([("Ada".to_string(), ada.clone())]);

    let save = "somebody new, Ada: an email and a note";
    step(&mut book, &mut checks, save, request([("Ada", ada.clone())]), Ok((1, 0))).await;
    everybody(&mut book, &mut checks, &expected).await;

    let save = "Ada: a phone, no note";
    let changed = request([("Ada", person(phone("1"), ""))]);
    step(&mut book, &mut checks, save, changed, Ok((0, 1))).await;
    ada.reach = phone("1");
    expected.insert("Ada".into(), ada.clone());
    everybody(&mut book, &mut checks, &expected).await;

    let save = "Ada: nothing set but a note";
    let changed = request([("Ada", person(None, "wrote the first program"))]);
    step(&mut book, &mut checks, save, changed, Ok((0, 1))).await;
    ada.note = "wrote the first program".into();
    expected.insert("Ada".into(), ada.clone());
    everybody(&mut book, &mut checks, &expected).await;

    let save = "Ada, seven new people, and Zoe, new, with nothing set";
    let changed = SaveRequest { people: crowd.collect() };
    step(&mut book, &mut checks, save, changed, missing("Zoe")).await;
    everybody(&mut book, &mut checks, &expected).await;

    let save = "小明, new: an address; and Ada: nothing";
    let ming = person(address("长安街 1", "北京"), "");
    let changed = request([("小明", ming), ("Ada", Person::default())]);
    step(&mut book, &mut checks, save, changed, Ok((1, 1))).await;

    let save = "小明: an address of a city alone";
    step(&mut book, &mut checks, save, request([("小明", moved.clone())]), Ok((0, 1)))
        .await;
    expected.insert("小明".into(), moved);
    everybody(&mut book, &mut checks, &expected).await;

    let save = "twenty new people, from 00 to 19, all with nothing set";
    let unset = (0..20).map(|n| (format!("{n:02}"), Person::default()));
    let changed = SaveRequest { people: unset.collect() };
    step(&mut book, &mut checks, save, changed, missing("00")).await;

    let save = "\"\", new, with nothing set";
    step(&mut book, &mut checks, save, request([("", Person::default())]), missing(""))
        .await;
    step(&mut book, &mut checks, "nobody", request([]), Ok((0, 0))).await;

    let save = "Ada: an email, which is \"\"";
    let changed = request([("Ada", person(email(""), ""))]);
    step(&mut book, &mut checks, save, changed, Ok((0, 1))).await;
    ada.reach = email("");
    expected.insert("Ada".into(), ada.clone());
    everybody(&mut book, &mut checks, &expected).await;
    checks.verdict()
}

type Book = AddressBookServiceClient<Routes>;

async fn step(
    book: &mut Book,
    checks: &mut Checks,
    what: &str,
    request: SaveRequest,
    expected: Outcome<(i32, i32)>,
) {
    let answer = outcome(book.save(request).await);
    let expected = expected.map(|(added, replaced)| SaveResponse { added, replaced });
    checks.expect(format!("Save {what}"), answer, expected);
}

async fn everybody(
    book: &mut Book,
    checks: &mut Checks,
    expected: &BTreeMap<String, Person>,
) {
    let answer = outcome(book.find(FindRequest { name: None }).await);
    let people = answer.map(|FindResponse { people }| BTreeMap::from_iter(people));
    checks.expect("Find everybody".into(), people, Ok(expected.clone()));
}

fn serving(book: impl AddressBookService) -> Routes {
    Routes::new(AddressBookServiceServer::new(book))
}

#[tokio::test]
#[ignore = "it is yours to solve"]
async fn exercise() -> Result<(), &'static str> {
    let checked = check(serving(exercise::UpdatingBook::default())).await;
    checked
        .map(drop)
        .map_err(|_| "lessons/04_map_oneof/exercise.rs is not right yet")
}

#[tokio::test]
async fn the_check_accepts_the_solution() {
    check(serving(solution::UpdatingBook::default()))
        .await
        .expect("is right");
}

#[tokio::test]
async fn the_check_rejects_wrong_answers() {
    check(serving(AddressBook::default()))
        .await
        .expect_err("the lesson's own service");
    check(serving(wrong_field::UpdatingBook::default()))
        .await
        .expect_err("wrong_field");
    check(serving(wrong_forgets::UpdatingBook::default()))
        .await
        .expect_err("wrong_forgets");
    check(serving(wrong_half::UpdatingBook::default()))
        .await
        .expect_err("wrong_half");
    check(serving(wrong_mixed::UpdatingBook::default()))
        .await
        .expect_err("wrong_mixed");
    let report = check(serving(wrong_empty::UpdatingBook::default()))
        .await
        .expect_err("wrong_empty");
    written("book/generated/04-map-oneof-report.txt", &report);
}

// --- maps on the wire

/// What a map is on the wire: a repeated field of entries.
#[derive(Clone, PartialEq, Message)]
struct AsEntries {
    #[prost(message, repeated, tag = "1")]
    people: Vec<Entry>,
}

#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Person>,
}

/// `map<string, int32> counts = 1`.
#[derive(Clone, PartialEq, Message)]
struct Counts {
    #[prost(map = "string, int32", tag = "1")]
    counts: HashMap<String, i32>,
}

/// The same, as prost-build makes it when told `btree_map`.
#[derive(Clone, PartialEq, Message)]
struct SortedCounts {
    #[prost(btree_map = "string, int32", tag = "1")]
    counts: BTreeMap<String, i32>,
}

#[test]
fn a_map_is_repeated_entries() {
    let map = request([("Ada", person(phone("1234"), ""))]);
    let entries = AsEntries {
        people: vec![Entry { key: "Ada".into(), value: Some(person(phone("1234"), "")) }],
    };
    let bytes = b"\x0a\x0d\x0a\x03Ada\x12\x06\x12\x041234";
    assert_eq!(map.encode_to_vec(), bytes);
    assert_eq!(entries.encode_to_vec(), bytes);
    assert_eq!(SaveRequest::decode(&bytes[..]), Ok(map));
    assert_eq!(AsEntries::decode(&bytes[..]), Ok(entries));
    assert_eq!(request([]).encode_to_vec(), b"");
}

fn counts(bytes: &[u8]) -> BTreeMap<String, i32> {
    let counts = Counts::decode(bytes).expect("is a message").counts;
    let sorted = SortedCounts::decode(bytes).expect("is a message").counts;
    assert_eq!(BTreeMap::from_iter(counts), sorted);
    sorted
}

fn count(key: &str, value: i32) -> BTreeMap<String, i32> {
    BTreeMap::from([(key.into(), value)])
}

/// The notes: the key that comes later is not used.
#[test]
fn the_last_of_equal_keys_wins() {
    let (one, two) = (b"\x0a\x05\x0a\x01a\x10\x01", b"\x0a\x05\x0a\x01a\x10\x02");
    assert_eq!(counts(&[&one[..], two].concat()), count("a", 2));
    assert_eq!(counts(&[&two[..], one].concat()), count("a", 1));
    // Merging is the same as decoding one after the other.
    let mut merged = Counts::decode(&one[..]).expect("is a message");
    merged.merge(&two[..]).expect("is a message");
    assert_eq!(BTreeMap::from_iter(merged.counts), count("a", 2));

    // Of a message, nothing of the earlier value is left.
    let first = request([("Ada", person(email("a"), "sees far"))]).encode_to_vec();
    let second = request([("Ada", person(phone("1"), ""))]);
    let both = [first, second.encode_to_vec()].concat();
    assert_eq!(SaveRequest::decode(&both[..]), Ok(second));
}

/// The notes: a key without a value. It has the default, as has a value without a key.
#[test]
fn what_an_entry_lacks_is_the_default() {
    assert_eq!(counts(b"\x0a\x03\x0a\x01a"), count("a", 0));
    assert_eq!(counts(b"\x0a\x02\x10\x07"), count("", 7));
    assert_eq!(counts(b"\x0a\x00"), count("", 0));
    // Python, C++ and Java write it all the same; prost reads that too, and writes less.
    assert_eq!(counts(b"\x0a\x05\x0a\x01a\x10\x00"), count("a", 0));
    let zero = Counts { counts: HashMap::from([("a".into(), 0)]) };
    assert_eq!(zero.encode_to_vec(), b"\x0a\x03\x0a\x01a");
    // The entry itself is sent: a key with the default value is not a missing key.
    let nobody = request([("", person(None, ""))]);
    assert_eq!(nobody.encode_to_vec(), b"\x0a\x00");
    assert_eq!(SaveRequest::decode(&b"\x0a\x00"[..]), Ok(nobody));
    // The value may come before the key.
    assert_eq!(counts(b"\x0a\x05\x10\x07\x0a\x01a"), count("a", 7));
}

#[test]
fn a_map_has_no_order() {
    let a = b"\x0a\x05\x0a\x01a\x10\x01";
    let b = b"\x0a\x05\x0a\x01b\x10\x02";
    assert_eq!(counts(&[&a[..], b].concat()), counts(&[&b[..], a].concat()));

    let names = (0..20).map(|n| (format!("{n:02}"), n + 1));
    let sorted = SortedCounts { counts: names.clone().collect() };
    // Equal maps, but each HashMap has an order of its own. That of a BTreeMap is fixed.
    let encoded = (0..100)
        .map(|_| Counts { counts: names.clone().collect() }.encode_to_vec())
        .collect::<BTreeSet<_>>();
    assert!(encoded.len() > 1);
    for bytes in encoded {
        assert_eq!(Counts::decode(&bytes[..]).map(|m| m.counts.len()), Ok(20));
        assert_eq!(SortedCounts::decode(&bytes[..]), Ok(sorted.clone()));
    }
    let one_by_one = sorted
        .counts
        .iter()
        .flat_map(|(key, n)| SortedCounts { counts: count(key, *n) }.encode_to_vec());
    assert_eq!(sorted.encode_to_vec(), one_by_one.collect::<Vec<u8>>());
}

/// The notes: keys are integers or strings. A bool is a key too. And Python's `bytes` are
/// no `str`, as Rust's are no `String`.
#[test]
fn keys_and_values_of_other_types() {
    #[derive(Clone, PartialEq, Message)]
    struct Maps {
        #[prost(map = "bool, string", tag = "1")]
        answers: HashMap<bool, String>,
        #[prost(map = "int64, bytes", tag = "2")]
        files: HashMap<i64, Vec<u8>>,
        #[prost(map = "sint32, double", tag = "3")]
        levels: HashMap<i32, f64>,
    }
    let maps = Maps {
        answers: HashMap::from([(true, "y".into())]),
        files: HashMap::from([(5, vec![0xc3, 0x28])]),
        levels: HashMap::from([(-1, 1.0)]),
    };
    let bytes = b"\
        \x0a\x05\x08\x01\x12\x01y\
        \x12\x06\x08\x05\x12\x02\xc3\x28\
        \x1a\x0b\x08\x01\x11\x00\x00\x00\x00\x00\x00\xf0\x3f";
    assert_eq!(maps.encode_to_vec(), bytes);
    assert_eq!(Maps::decode(&bytes[..]), Ok(maps));
}

// --- oneofs on the wire

fn reach(bytes: &[u8]) -> Option<Reach> {
    Person::decode(bytes).expect("is a message").reach
}

/// The chapter's "predict": a member at its default is sent, an ordinary field is not.
#[test]
fn a_member_that_is_set_is_sent() {
    assert_eq!(person(None, "").encode_to_vec(), b"");
    for (set, bytes) in [
        (email(""), b"\x0a\x00"),
        (phone(""), b"\x12\x00"),
        (address("", ""), b"\x1a\x00"),
    ] {
        assert_eq!(person(set.clone(), "").encode_to_vec(), bytes);
        assert_eq!(reach(bytes), set);
    }
    let saved = request([("Ada", person(email(""), ""))]).encode_to_vec();
    assert_eq!(saved, b"\x0a\x09\x0a\x03Ada\x12\x02\x0a\x00");
    // On the wire a member is a field like any other: the oneof itself leaves no byte.
    assert_eq!(person(phone("12"), "n").encode_to_vec(), b"\x12\x0212\x22\x01n");
}

#[test]
fn the_last_member_wins() {
    let mail = b"\x0a\x01a";
    let call = b"\x12\x011";
    assert_eq!(reach(&[&mail[..], call].concat()), phone("1"));
    assert_eq!(reach(&[&call[..], mail].concat()), email("a"));
    // A member that is a message, twice: the second is merged into the first. Another
    // member between them clears the first.
    let street = b"\x1a\x03\x0a\x01s";
    let city = b"\x1a\x03\x12\x01c";
    assert_eq!(reach(&[&street[..], city].concat()), address("s", "c"));
    assert_eq!(reach(&[&street[..], mail, city].concat()), address("", "c"));
}

/// A oneof of a newer `.proto` has a member more, another one has a member less.
#[test]
fn an_unknown_member_looks_like_nothing() {
    let newer = b"\x2a\x04@ada";
    let decoded = Person::decode(&newer[..]).expect("is a message");
    assert_eq!(decoded, Person::default());
    // prost does not keep what it does not know.
    assert_eq!(decoded.encode_to_vec(), b"");
}

/// A `Person` before somebody put its fields into a oneof.
#[derive(Clone, PartialEq, Message)]
struct OldPerson {
    #[prost(string, tag = "1")]
    email: String,
    #[prost(string, tag = "2")]
    phone: String,
}

#[test]
fn moving_fields_into_a_oneof_can_lose_some() {
    let old =
        |email: &str, phone: &str| OldPerson { email: email.into(), phone: phone.into() };
    assert_eq!(reach(&old("a", "").encode_to_vec()), email("a"));
    assert_eq!(reach(&old("a", "1").encode_to_vec()), phone("1"));
    assert_eq!(reach(&old("", "").encode_to_vec()), None);
}

// --- the service

/// Whatever the order of the map, the same person is named.
#[tokio::test]
async fn the_first_by_name_is_blamed() {
    let mut book = AddressBookServiceClient::new(serving(AddressBook::default()));
    for _ in 0..20 {
        let unset = (0..20).map(|n| (format!("{n:02}"), Person::default()));
        let request = SaveRequest { people: unset.collect() };
        let answer = outcome(book.save(request).await);
        let expected = "INVALID_ARGUMENT: people[\"00\"].reach is not set";
        assert_eq!(answer, Err(expected.to_string()));
    }
    let mixed = request([("Ada", person(email("a"), "")), ("Bob", person(None, ""))]);
    assert!(book.save(mixed).await.is_err());
    let nobody = outcome(book.find(FindRequest { name: None }).await);
    assert_eq!(nobody, Ok(FindResponse { people: HashMap::new() }));
}

/// An empty name is a name: it is not the same as none.
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

// --- the programs

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(lesson());
    let says =
        |args: &[&str]| run(&mut programs::client(lesson(), &server.address, args));
    let script = |counts: &str| {
        format!(
            "{counts}\n\
             \x20 \"Ada\": email \"ada@example.org\"; note \"writes programs\"\n\
             \x20 \"Grace\": phone \"212 555 0100\"; note \"\"\n\
             \x20 \"小明\": address \"长安街 1\", \"北京\"; note \"\"\n\
             0 added, 1 replaced\n\
             \x20 \"Ada\": phone \"20 7946 0018\"; note \"\"\n"
        )
    };
    assert_eq!(says(&[]), finished(0, &script("3 added, 0 replaced")));
    assert_eq!(says(&[]), finished(0, &script("0 added, 3 replaced")));
    let ming = "  \"小明\": address \"长安街 1\", \"北京\"; note \"\"\n";
    assert_eq!(says(&["小明"]), finished(0, ming));
    let nobody = "Error: the call ended with NOT_FOUND (5): nobody is called \"Eve\"\n";
    assert_eq!(says(&["Eve"]), finished(1, nobody));
    let saved = "1 added, 0 replaced\n  \"Eve\": email \"\"; note \"\"\n";
    assert_eq!(says(&["Eve", ""]), finished(0, saved));
    let address = server.address.clone();
    let script = |counts: &str| {
        format!(
            "Save [\"Ada\", \"Grace\", \"小明\"] -> {counts}\n\
             Find -> [\"Ada\", \"Grace\", \"小明\"]\n\
             Save [\"Ada\"] -> 0 added, 1 replaced\n\
             Find -> [\"Ada\"]\n"
        )
    };
    let expected = format!(
        "lesson-4-server listening on {address}\n{}{}\
         Find -> [\"小明\"]\n\
         Find -> NOT_FOUND: nobody is called \"Eve\"\n\
         Save [\"Eve\"] -> 1 added, 0 replaced\n\
         Find -> [\"Eve\"]\n\
         lesson-4-server stopping\n",
        script("3 added, 0 replaced"),
        script("0 added, 3 replaced"),
    );
    assert_eq!(server.stop(), finished(0, &expected));
}

fn finished(code: i32, output: &str) -> Finished {
    Finished { code: Some(code), output: output.into() }
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// What the client sends with `--break`, made by prost: two messages, one after the
/// other, are one message with the fields of both.
fn broken() -> [(&'static str, Vec<u8>); 4] {
    let far = request([("Ada", person(email("ada@x.y"), "sees far"))]).encode_to_vec();
    let call = request([("Ada", person(phone("12 345"), ""))]).encode_to_vec();
    let entry = |person: Vec<u8>| {
        let key = b"\x0a\x03Ada\x12";
        let length = u8::try_from(person.len()).expect("is short");
        let entry = [&key[..], &[length], &person].concat();
        let length = u8::try_from(entry.len()).expect("is short");
        [&[0x0a, length], &entry[..]].concat()
    };
    let mail = person(email("ada@x.y"), "").encode_to_vec();
    let both = [mail, person(phone("12 345"), "").encode_to_vec()].concat();
    [
        ("duplicate-keys", [far, call].concat()),
        ("two-members", entry(both)),
        ("empty-entry", request([("", person(None, ""))]).encode_to_vec()),
        ("newer-member", entry(b"\x2a\x04@ada".to_vec())),
    ]
}

#[test]
fn broken_calls_end_as_the_chapter_says() {
    let unset = |name: &str| {
        let what = format!("people[{name:?}].reach is not set");
        format!("Error: the call ended with INVALID_ARGUMENT (3): {what}\n")
    };
    let phone = "1 added, 0 replaced\n  \"Ada\": phone \"12 345\"; note \"\"\n";
    let ends = [
        (0, phone.into()),
        (0, phone.into()),
        (1, unset("")),
        (1, unset("Ada")),
    ];
    for ((name, bytes), (code, end)) in broken().into_iter().zip(ends) {
        let server = Server::start(lesson());
        let mut client = programs::client(lesson(), &server.address, &["--break", name]);
        let output = format!("sends {}\n{end}", hex(&bytes));
        assert_eq!(run(&mut client), finished(code, &output));
    }
    let server = Server::start(lesson());
    let args = ["--break", "nothing-set"];
    let mut client = programs::client(lesson(), &server.address, &args);
    assert_eq!(run(&mut client), finished(1, &unset("Ada")));
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let line = "\nSave [\"Ada\"] -> INVALID_ARGUMENT: people[\"Ada\"].reach is not set\n";
    assert!(output.contains(line), "{output}");
}

// --- the page

/// What the page has explained with `--decode` is what prost writes.
#[test]
fn the_page_decodes_what_prost_writes() {
    let page = fs::read_to_string(root().join("book/src/04-map-oneof.md"));
    let page = page.expect("is there");
    let shown = page.split("--decode \"").skip(1);
    let shown: Vec<&str> = shown.filter_map(|rest| rest.split('"').next()).collect();
    let written = [
        request([("Ada", person(phone("1234"), ""))]).encode_to_vec(),
        request([("小明", person(address("1", "北京"), ""))]).encode_to_vec(),
        request([("Ada", person(email(""), ""))]).encode_to_vec(),
    ];
    let written: Vec<String> = written.iter().map(|bytes| hex(bytes)).collect();
    assert_eq!(shown, written);
}

/// The chapter's excerpts of the generated code.
#[test]
fn generated_code() {
    let code = &support::generated("map_oneof.v1.rs");
    let excerpt = |from: &str, to: &str| {
        let at = code.find(from).unwrap_or_else(|| panic!("no {from}"));
        let start = code[..at].rfind("#[derive").expect("derives something");
        let end = code[at..].find(to).unwrap_or_else(|| panic!("no {to}"));
        code[start..at + end + to.len()].to_string() + "\n"
    };
    written(
        "book/generated/04-map-oneof-request.rs",
        &excerpt("pub struct SaveRequest", "\n}"),
    );
    written(
        "book/generated/04-map-oneof-person.rs",
        &excerpt("pub struct Person", "\n    }\n}"),
    );
}
