//! Where tonic-health and tonic-reflection answer otherwise than their definitions say, and what
//! this lesson's services answer instead. The chapter's table is made of these calls.

use std::future::Future;

use grpc_workbook::notes::health::{MyHealth, States};
use grpc_workbook::notes::reflection::{MyReflection, reflection};
use grpc_workbook::raw::RawCodec;
use grpc_workbook::status::code_name;
use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet, ServiceDescriptorProto};
use support::programs::root;
use support::written;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio_stream::iter;
use tonic::client::Grpc;
use tonic::codegen::Bytes;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::{Code, Request, Streaming};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_health::server::HealthReporter;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ExtensionRequest, ServerReflectionRequest};
use tonic_reflection::server::Builder;
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};

/// A call that a library answers otherwise than its definition says.
struct Deviation {
    /// The first column of the table.
    call: &'static str,
    /// What health.proto, reflection.proto or gRPC's status codes say.
    specified: &'static str,
}

/// In the order of [`health_cells`], and then of [`reflection_cells`].
const DEVIATIONS: [Deviation; 13] = [
    Deviation {
        call: "`Watch` of an unknown service, which then becomes known",
        specified: "\"will send a message setting the serving status to SERVICE_UNKNOWN but will \
                    *not* terminate the call\", then \"a new message with the service's serving \
                    status\"",
    },
    Deviation {
        call: "`Watch`, while the same state is set again",
        specified: "\"a new message whenever the service's serving status changes\"",
    },
    Deviation {
        call: "`Watch` of a service that is taken away, and comes back",
        specified: "the same sentence",
    },
    Deviation {
        call: "`List`, which health.proto has had since 2025",
        specified: "\"a non-atomic snapshot of the health of all the available services\"",
    },
    Deviation {
        call: "an unknown symbol, then `Demo`",
        specified: "`error_response`: \"This message is used when an error occurs\"",
    },
    Deviation { call: "an unknown file, then `Demo`", specified: "the same sentence" },
    Deviation {
        call: "an unknown extension, then `Demo`",
        specified: "the same sentence",
    },
    Deviation {
        call: "a request without a question, then `Demo`",
        specified: "the same sentence",
    },
    Deviation {
        call: "the extensions of `Work`, and of an unknown type",
        specified: "`base_type_name`: \"Full name of the base type\"",
    },
    Deviation {
        call: "`list_services`: is reflection in the list?",
        specified: "\"List the full names of registered services\"",
    },
    Deviation {
        call: "bytes that are not a request",
        specified: "`INTERNAL`: \"Error parsing request proto\"",
    },
    Deviation {
        call: "the value `ADD` of `Work.Operation`, as `Work.ADD`",
        specified: "\"enum values use C++ scoping rules\": they are siblings of their type",
    },
    Deviation {
        call: "a service in a file that imports another",
        specified: "\"with transitive dependencies\"",
    },
];

#[tokio::test]
async fn deviations_of_the_libraries_match_the_chapter() {
    let reporter = HealthReporter::new();
    let library =
        tonic_health::server::HealthService::from_health_reporter(reporter.clone());
    let mut theirs =
        health_cells(HealthServer::new(library), &mut Reporter(reporter)).await;
    let (states, known) = watch::channel(States::new());
    let mine = HealthServer::new(MyHealth { states: known });
    let mut ours = health_cells(mine, &mut Sender(states)).await;

    let importing = importing().build_v1().expect("descriptors should be good");
    let stock = stock().build_v1().expect("descriptors should be good");
    theirs.extend(reflection_cells(stock, importing.clone()).await);
    let mine = reflection().expect("descriptors should be good");
    let importing = ServerReflectionServer::new(MyReflection { library: importing });
    ours.extend(reflection_cells(ServerReflectionServer::new(mine), importing).await);

    let mut table = String::from(
        "| the call | the library alone | this server | the definition says |\n|---|---|---|---|\n",
    );
    assert_eq!(theirs.len(), DEVIATIONS.len());
    for ((Deviation { call, specified }, theirs), ours) in
        DEVIATIONS.iter().zip(theirs).zip(ours)
    {
        table += &format!("| {call} | {theirs} | {ours} | {specified} |\n");
    }
    written("book/generated/10-notes-libraries.md", &table);
}

// --- health

/// Sets the states that a health service reports.
trait SetState {
    async fn set(&mut self, service: &str, state: ServingStatus);
    async fn clear(&mut self, service: &str);
}

struct Reporter(HealthReporter);

impl SetState for Reporter {
    async fn set(&mut self, service: &str, state: ServingStatus) {
        let state = match state {
            ServingStatus::Serving => tonic_health::ServingStatus::Serving,
            _ => tonic_health::ServingStatus::NotServing,
        };
        self.0.set_service_status(service, state).await;
    }

    async fn clear(&mut self, service: &str) {
        self.0.clear_service_status(service).await;
    }
}

struct Sender(watch::Sender<States>);

impl SetState for Sender {
    async fn set(&mut self, service: &str, state: ServingStatus) {
        self.0.send_modify(|states| {
            states.insert(service.into(), state);
        });
    }

    async fn clear(&mut self, service: &str) {
        self.0.send_modify(|states| {
            states.remove(service);
        });
    }
}

/// What a health service answers to the first calls of [`DEVIATIONS`].
async fn health_cells(
    server: HealthServer<impl Health>,
    states: &mut impl SetState,
) -> Vec<String> {
    use ServingStatus::Serving;
    let routes = Routes::new(server);
    let mut late = Watch::start(&routes, "late").await;
    late.read().await;
    states.set("late", Serving).await;
    late.read().await;

    let mut again = Watch::start(&routes, "late").await;
    again.read().await;
    states.set("late", Serving).await;
    again.read().await;

    let mut back = Watch::start(&routes, "late").await;
    back.read().await;
    states.clear("late").await;
    back.read().await;
    states.set("late", Serving).await;
    back.read().await;

    let path = "/grpc.health.v1.Health/List";
    let list = raw_call(&routes, path, Bytes::new()).await;
    vec![late.seen(), again.seen(), back.seen(), list]
}

/// A call of Watch, and what it has brought so far.
struct Watch {
    /// `None` once the call has ended.
    messages: Option<Streaming<HealthCheckResponse>>,
    seen: Vec<String>,
}

impl Watch {
    async fn start(routes: &Routes, service: &str) -> Watch {
        let request = HealthCheckRequest { service: service.into() };
        match HealthClient::new(routes.clone()).watch(request).await {
            Ok(response) => Watch { messages: Some(response.into_inner()), seen: vec![] },
            Err(status) => Watch { messages: None, seen: vec![ended(status.code())] },
        }
    }

    /// Reads what has come.
    async fn read(&mut self) {
        while let Some(messages) = &mut self.messages {
            match settled(messages.message()).await {
                None => return,
                Some(Ok(Some(message))) => {
                    self.seen
                        .push(format!("`{}`", message.status().as_str_name()));
                }
                Some(Ok(None)) => self.end(Code::Ok),
                Some(Err(status)) => self.end(status.code()),
            }
        }
    }

    fn end(&mut self, code: Code) {
        self.messages = None;
        self.seen.push(ended(code));
    }

    fn seen(self) -> String {
        self.seen.join(", ")
    }
}

fn ended(code: Code) -> String {
    format!("the call ends with `{}`", code_name(code))
}

/// What a future yields, or `None` if it still waits once every task of this test has done what
/// it can. All of them run on this thread, and none waits for the network.
async fn settled<T>(future: impl Future<Output = T>) -> Option<T> {
    let turns = async {
        for _ in 0..100 {
            yield_now().await;
        }
    };
    tokio::select! {
        biased;
        output = future => Some(output),
        () = turns => None,
    }
}

// --- reflection

/// The library's service, as it is, for the notes' `Demo`. Naming a service is what a server does
/// whose descriptors have services that it does not serve.
fn stock() -> Builder<'static> {
    let files = protox::compile(["notes/demo.proto"], [root().join("protos")]);
    Builder::configure()
        .register_file_descriptor_set(files.expect("demo.proto should compile"))
        .with_service_name("Demo")
}

/// A service whose file imports another.
fn importing() -> Builder<'static> {
    let imported =
        FileDescriptorProto { name: Some("imported.proto".into()), ..Default::default() };
    let service =
        ServiceDescriptorProto { name: Some("Importing".into()), ..Default::default() };
    let importing = FileDescriptorProto {
        name: Some("importing.proto".into()),
        dependency: vec!["imported.proto".into()],
        service: vec![service],
        ..Default::default()
    };
    let files = FileDescriptorSet { file: vec![imported, importing] };
    Builder::configure().register_file_descriptor_set(files)
}

/// What a reflection service answers to the rest of the calls of [`DEVIATIONS`]. `importing` is
/// the service that has [`importing`]'s files.
async fn reflection_cells(
    server: ServerReflectionServer<impl ServerReflection>,
    importing: ServerReflectionServer<impl ServerReflection>,
) -> Vec<String> {
    use MessageRequest::{
        AllExtensionNumbersOfType, FileByFilename, FileContainingExtension,
        FileContainingSymbol, ListServices,
    };
    let symbol = |name: &str| Some(FileContainingSymbol(name.into()));
    let routes = Routes::new(server);
    let extension =
        ExtensionRequest { containing_type: "Work".into(), extension_number: 100 };
    let mut cells = Vec::new();
    for unknown in [
        symbol("Nope"),
        Some(FileByFilename("nope.proto".into())),
        Some(FileContainingExtension(extension)),
        None,
    ] {
        cells.push(reflect(&routes, [unknown, symbol("Demo")]).await);
    }
    let types = ["Work", "Nope"].map(|name| Some(AllExtensionNumbersOfType(name.into())));
    cells.push(reflect(&routes, types).await);
    cells.push(reflect(&routes, [Some(ListServices(String::new()))]).await);
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    cells.push(raw_call(&routes, path, Bytes::from_static(b"\x0a\xff")).await);
    cells.push(reflect(&routes, [symbol("Work.ADD")]).await);
    cells.push(reflect(&Routes::new(importing), [symbol("Importing")]).await);
    cells
}

/// Asks these questions in one call, and returns what it brings.
async fn reflect<const N: usize>(
    routes: &Routes,
    questions: [Option<MessageRequest>; N],
) -> String {
    let requests = questions.map(|message_request| ServerReflectionRequest {
        host: "host".into(),
        message_request,
    });
    let mut client = ServerReflectionClient::new(routes.clone());
    let responses = client.server_reflection_info(iter(requests.clone())).await;
    let mut responses = responses.expect("call should start").into_inner();
    let mut seen = Vec::new();
    for request in requests {
        match responses.message().await {
            Ok(Some(response)) => {
                // Each response says what it answers.
                assert_eq!(response.valid_host, "host");
                assert_eq!(response.original_request, Some(request));
                seen.push(describe(response.message_response));
            }
            Ok(None) => return format!("{}, {}", seen.join(", "), ended(Code::Ok)),
            Err(status) => {
                seen.push(ended(status.code()));
                return seen.join(", ");
            }
        }
    }
    let end = responses.message().await.expect("call should end with OK");
    assert_eq!(end, None);
    seen.join(", ")
}

fn describe(response: Option<MessageResponse>) -> String {
    match response.expect("response should have a message") {
        MessageResponse::FileDescriptorResponse(files) => {
            let mut names = Vec::new();
            for file in files.file_descriptor_proto {
                let file = FileDescriptorProto::decode(&*file);
                let file = file.expect("file should be a descriptor");
                names.push(format!("`{}`", file.name().trim_start_matches("notes/")));
            }
            names.join(" and ")
        }
        MessageResponse::AllExtensionNumbersResponse(numbers) => {
            format!("`{:?}` of {:?}", numbers.extension_number, numbers.base_type_name)
        }
        MessageResponse::ListServicesResponse(list) => {
            let mut names = list.service.iter().map(|service| &*service.name);
            let listed = names.any(|name| name == "grpc.reflection.v1.ServerReflection");
            if listed { "yes" } else { "no" }.into()
        }
        MessageResponse::ErrorResponse(error) => {
            format!(
                "error {} (`{}`)",
                error.error_code,
                code_name(error.error_code.into())
            )
        }
    }
}

/// How a call ends to which one message is sent, as it is.
async fn raw_call(routes: &Routes, path: &'static str, message: Bytes) -> String {
    let mut grpc = Grpc::new(routes.clone());
    grpc.ready().await.expect("routes should be ready");
    let path = PathAndQuery::from_static(path);
    let call = grpc.streaming(Request::new(iter([message])), path, RawCodec);
    let mut responses = match call.await {
        Ok(response) => response.into_inner(),
        Err(status) => return format!("`{}`", code_name(status.code())),
    };
    match responses.message().await {
        Ok(Some(message)) => format!("{message:?}"),
        Ok(None) => "`OK`".into(),
        Err(status) => format!("`{}`", code_name(status.code())),
    }
}

// --- what the libraries and this server answer alike, which is not in the table

#[tokio::test]
async fn known_names_have_their_file_in_both() {
    let stock = stock().build_v1().expect("descriptors should be good");
    let mine = reflection().expect("descriptors should be good");
    let servers = [
        Routes::new(stock),
        Routes::new(ServerReflectionServer::new(mine)),
    ];
    for routes in servers {
        for name in [
            "Demo",
            "Demo.Calculate",
            "Work",
            "Work.num1",
            "Work.Operation",
        ] {
            let question = MessageRequest::FileContainingSymbol(name.into());
            assert_eq!(
                reflect(&routes, [Some(question)]).await,
                "`demo.proto`",
                "{name}"
            );
        }
        // Names are matched as they are: with a dot in front, in other letters, none at all.
        for name in ["", ".Demo", "demo", "Demo/Calculate", "Demo.", "Demo.Nope"] {
            let question = Some(MessageRequest::FileContainingSymbol(name.into()));
            let answer = reflect(&routes, [question]).await;
            assert!(answer.contains("`NOT_FOUND`"), "{name}: {answer}");
        }
    }
}

#[tokio::test]
async fn check_knows_the_same_services_in_both() {
    let reporter = HealthReporter::new();
    let library = tonic_health::server::HealthService::from_health_reporter(reporter);
    let states = States::from([(String::new(), ServingStatus::Serving)]);
    let (_states, known) = watch::channel(states);
    let servers = [
        Routes::new(HealthServer::new(library)),
        Routes::new(HealthServer::new(MyHealth { states: known })),
    ];
    for routes in servers {
        let mut client = HealthClient::new(routes);
        for (service, code) in [
            ("", Code::Ok),
            ("late", Code::NotFound),
            (" ", Code::NotFound),
            ("grpc.health.v1.Health", Code::NotFound),
        ] {
            let request = HealthCheckRequest { service: service.into() };
            let response = client.check(request).await;
            let ended = response.map_or_else(|status| status.code(), |_| Code::Ok);
            assert_eq!(ended, code, "{service:?}");
        }
    }
}
