//! `lesson-4-client`: saves people in an address book, and finds them.

use std::collections::{BTreeMap, HashMap};

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::map_oneof::proto::{
    Address, FindRequest, Person, SaveRequest, SaveResponse,
    address_book_service_client::AddressBookServiceClient, person::Reach,
};
use grpc_workbook::raw;
use prost::Message;
use tonic::transport::Channel;

type Client = AddressBookServiceClient<Channel>;

#[derive(clap::Args)]
struct Args {
    /// The person to find; without a name, the chapter's script is played
    name: Option<String>,
    /// Save the person with this email first
    email: Option<String>,
    /// Save the person with this phone first
    #[arg(long, requires = "name", conflicts_with = "email")]
    phone: Option<String>,
}

/// `--break`: what can go wrong, or looks as if it could.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// save a person whose oneof has nothing set
    NothingSet,
    /// send the same key twice
    DuplicateKeys,
    /// send two members of the oneof
    TwoMembers,
    /// send an entry with neither key nor value
    EmptyEntry,
    /// send a member of the oneof that the server's .proto does not have
    NewerMember,
}

// Bytes that a generated client would not send. Each line is a field: tag, length, value.

/// Two entries with the key "Ada": one with an email and a note, one with a phone.
const DUPLICATE_KEYS: &[u8] = b"\
    \x0a\x1a\
        \x0a\x03Ada\
        \x12\x13\
            \x0a\x07ada@x.y\
            \x22\x08sees far\
    \x0a\x0f\
        \x0a\x03Ada\
        \x12\x08\
            \x12\x0612 345";

/// One entry, whose person has an email and then a phone.
const TWO_MEMBERS: &[u8] = b"\
    \x0a\x18\
        \x0a\x03Ada\
        \x12\x11\
            \x0a\x07ada@x.y\
            \x12\x0612 345";

/// One entry of no bytes.
const EMPTY_ENTRY: &[u8] = b"\x0a\x00";

/// One entry, whose person has a field 5: a way to reach her that is newer than our `.proto`.
const NEWER_MEMBER: &[u8] = b"\
    \x0a\x0d\
        \x0a\x03Ada\
        \x12\x06\
            \x2a\x04@ada";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(4);
    let channel = cli::connect(&server).await?;
    if let Some(fault) = fault {
        return play_fault(channel, fault).await;
    }
    let mut client = Client::new(channel);
    let Some(name) = args.name else {
        return script(&mut client).await;
    };
    let email = args.email.map(Reach::Email);
    let reach = email.or(args.phone.map(Reach::Phone));
    if reach.is_some() {
        let person = Person { reach, ..Person::default() };
        save(&mut client, HashMap::from([(name.clone(), person)])).await?;
    }
    find(&mut client, Some(name)).await
}

// ANCHOR: script
async fn script(client: &mut Client) -> Result<(), Failure> {
    let ada = Person {
        reach: Some(Reach::Email("ada@example.org".into())),
        note: "writes programs".into(),
    };
    let grace =
        Person { reach: Some(Reach::Phone("212 555 0100".into())), ..Person::default() };
    let ming = Person {
        reach: Some(Reach::Address(Address {
            street: "长安街 1".into(),
            city: "北京".into(),
        })),
        ..Person::default()
    };
    let people = HashMap::from([
        ("小明".into(), ming),
        ("Ada".into(), ada),
        ("Grace".into(), grace),
    ]);
    save(client, people).await?;
    find(client, None).await?;

    // A phone this time, so the email is gone; and no note.
    let ada =
        Person { reach: Some(Reach::Phone("20 7946 0018".into())), ..Person::default() };
    save(client, HashMap::from([("Ada".into(), ada)])).await?;
    find(client, Some("Ada".into())).await
}
// ANCHOR_END: script

/// Saves people, and prints how many were new.
async fn save(
    client: &mut Client,
    people: HashMap<String, Person>,
) -> Result<(), Failure> {
    let response = client.save(SaveRequest { people }).await?;
    let SaveResponse { added, replaced } = response.into_inner();
    println!("{added} added, {replaced} replaced");
    Ok(())
}

// ANCHOR: find
/// Prints the person with this name; without a name, everybody.
async fn find(client: &mut Client, name: Option<String>) -> Result<(), Failure> {
    let found = client.find(FindRequest { name }).await?.into_inner();
    // A HashMap's order differs from run to run. A BTreeMap is in the order of its keys.
    for (name, person) in BTreeMap::from_iter(found.people) {
        let reach = match person.reach {
            Some(Reach::Email(email)) => format!("email {email:?}"),
            Some(Reach::Phone(phone)) => format!("phone {phone:?}"),
            Some(Reach::Address(Address { street, city })) => {
                format!("address {street:?}, {city:?}")
            }
            None => "no way to be reached".into(),
        };
        println!("  {name:?}: {reach}; note {:?}", person.note);
    }
    Ok(())
}
// ANCHOR_END: find

/// Saves people whom the server refuses, or in a way that a generated client would not.
async fn play_fault(channel: Channel, fault: Fault) -> Result<(), Failure> {
    match fault {
        Fault::NothingSet => {
            let people = HashMap::from([("Ada".into(), Person::default())]);
            save(&mut Client::new(channel), people).await
        }
        Fault::DuplicateKeys => send(channel, DUPLICATE_KEYS).await,
        Fault::TwoMembers => send(channel, TWO_MEMBERS).await,
        Fault::EmptyEntry => send(channel, EMPTY_ENTRY).await,
        Fault::NewerMember => send(channel, NEWER_MEMBER).await,
    }
}

/// Saves people with bytes of our choice, and prints what the server made of them.
async fn send(channel: Channel, message: &'static [u8]) -> Result<(), Failure> {
    println!("sends {} bytes:", message.len());
    for row in message.chunks(24) {
        let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        println!("{}", hex.join(" "));
    }
    let path = "/map_oneof.v1.AddressBookService/Save";
    let response = raw::unary(channel.clone(), path, message).await?;
    let SaveResponse { added, replaced } = SaveResponse::decode(response.into_inner())?;
    println!("{added} added, {replaced} replaced");
    find(&mut Client::new(channel), None).await
}
