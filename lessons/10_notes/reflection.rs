//! Reflection, as reflection.proto specifies it. tonic-reflection's own service ends the call at
//! the first question that it cannot answer; this one answers it with an error, and goes on.

use std::pin::Pin;

use prost::Message;
use tokio_stream::{Stream, StreamExt, iter};
use tonic::{Request, Response, Status, Streaming};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{
    ErrorResponse, ExtensionNumberResponse, ServerReflectionRequest,
    ServerReflectionResponse,
};
use tonic_reflection::pb::{v1, v1alpha};
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};
use tonic_reflection::server::{Builder, Error, v1alpha as older};

use super::SERVICES;

/// What the server describes beside the services of the notes: the services that come from
/// libraries.
pub const LIBRARY_SERVICES: &[&str] = &[
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

// ANCHOR: reflection
/// What the server tells about itself: its services, and their definitions, which build.rs
/// wrote as descriptors. A set for each call of the compiler, because two files that define
/// one name differently do not fit into one set.
///
/// # Errors
/// If the descriptors cannot be read.
pub fn reflection() -> Result<MyReflection<impl ServerReflection>, Error> {
    let lessons = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
    let notes = include_bytes!(concat!(env!("OUT_DIR"), "/notes/descriptors.bin"));
    let stream_test =
        include_bytes!(concat!(env!("OUT_DIR"), "/notes_stream_test/descriptors.bin"));
    let mut builder = Builder::configure()
        .register_encoded_file_descriptor_set(lessons)
        .register_encoded_file_descriptor_set(notes)
        .register_encoded_file_descriptor_set(stream_test)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(v1alpha::FILE_DESCRIPTOR_SET);
    // The set with lesson 1's descriptor has those of other lessons too. Without names, the
    // list would show their services, which this server does not have.
    for service in SERVICES.iter().chain(LIBRARY_SERVICES) {
        builder = builder.with_service_name(*service);
    }
    Ok(MyReflection { library: builder.build_v1()? })
}
// ANCHOR_END: reflection

/// The service, in both versions.
pub struct MyReflection<R> {
    /// The library's service, which looks for the answers.
    pub library: ServerReflectionServer<R>,
}

// ANCHOR: v1
#[tonic::async_trait]
impl<R: ServerReflection> ServerReflection for MyReflection<R> {
    type ServerReflectionInfoStream =
        Pin<Box<dyn Stream<Item = Result<ServerReflectionResponse, Status>> + Send>>;

    async fn server_reflection_info(
        &self,
        requests: Request<Streaming<ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        let library = self.library.clone();
        let responses = requests.into_inner().then(move |request| {
            let library = library.clone();
            async move { Ok(answer(library, request?).await) }
        });
        Ok(Response::new(Box::pin(responses)))
    }
}

/// The library's answer to a request, or an error as an answer.
async fn answer<R: ServerReflection>(
    library: ServerReflectionServer<R>,
    request: ServerReflectionRequest,
) -> ServerReflectionResponse {
    let answered = match &request.message_request {
        Some(MessageRequest::AllExtensionNumbersOfType(name)) => {
            extension_numbers(library, name).await
        }
        _ => ask(library, request.clone()).await,
    };
    let message = answered.unwrap_or_else(|status| {
        MessageResponse::ErrorResponse(ErrorResponse {
            error_code: status.code().into(),
            error_message: status.message().into(),
        })
    });
    ServerReflectionResponse {
        valid_host: request.host.clone(),
        original_request: Some(request),
        message_response: Some(message),
    }
}

/// Calls the library's service, in this process, with one request.
async fn ask<R: ServerReflection>(
    library: ServerReflectionServer<R>,
    request: ServerReflectionRequest,
) -> Result<MessageResponse, Status> {
    let mut client = ServerReflectionClient::new(library);
    let responses = client.server_reflection_info(iter([request])).await?;
    let response = responses.into_inner().message().await?;
    response
        .and_then(|response| response.message_response)
        .ok_or_else(|| Status::internal("the library gave no answer"))
}
// ANCHOR_END: v1

/// The numbers of the extensions of a message type. No file of this server extends a message of
/// another, so there are none. A type that is not known is an error, as other libraries have it.
async fn extension_numbers<R: ServerReflection>(
    library: ServerReflectionServer<R>,
    name: &str,
) -> Result<MessageResponse, Status> {
    let file = MessageRequest::FileContainingSymbol(name.into());
    let request =
        ServerReflectionRequest { message_request: Some(file), ..Default::default() };
    ask(library, request).await?;
    Ok(MessageResponse::AllExtensionNumbersResponse(ExtensionNumberResponse {
        base_type_name: name.into(),
        extension_number: vec![],
    }))
}

// ANCHOR: v1alpha
#[tonic::async_trait]
impl<R: ServerReflection> older::ServerReflection for MyReflection<R> {
    type ServerReflectionInfoStream = Pin<
        Box<dyn Stream<Item = Result<v1alpha::ServerReflectionResponse, Status>> + Send>,
    >;

    async fn server_reflection_info(
        &self,
        requests: Request<Streaming<v1alpha::ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        let library = self.library.clone();
        let responses = requests.into_inner().then(move |request| {
            let library = library.clone();
            async move { reread(&answer(library, reread(&request?)?).await) }
        });
        Ok(Response::new(Box::pin(responses)))
    }
}

/// Reads a message of one version as the other version's: both have the same fields, so they
/// have the same bytes.
fn reread<M: Message + Default>(message: &impl Message) -> Result<M, Status> {
    let bytes = message.encode_to_vec();
    M::decode(&*bytes).map_err(|error| Status::internal(error.to_string()))
}
// ANCHOR_END: v1alpha
