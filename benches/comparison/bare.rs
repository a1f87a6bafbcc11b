//! The limit: the same responses from h2 alone, with just enough gRPC by hand. It has no
//! deadlines, no limits, no compression and no errors: what does not fit panics.

use std::future::poll_fn;
use std::iter::repeat_n;

use grpc_workbook::accumulate::proto::{AccumulateRequest, AccumulateResponse};
use grpc_workbook::calculator::proto::{CalculateRequest, CalculateResponse};
use grpc_workbook::guess_number::proto::{GuessRequest, GuessResponse};
use grpc_workbook::speed::proto::{
    BidiStreamRequest, BidiStreamResponse, ClientStreamRequest, ClientStreamResponse,
    ServerStreamRequest, ServerStreamResponse, UnaryRequest, UnaryResponse,
};
use grpc_workbook::subjects_by_city::proto::{ListSubjectsRequest, ListSubjectsResponse};
use grpc_workbook::{calculator, subjects_by_city};
use h2::server::{Builder, SendResponse};
use h2::{RecvStream, SendStream};
use prost::Message;
use prost::bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::net::{TcpListener, TcpStream};
use tonic::codegen::http::{self, HeaderMap, HeaderValue};

/// The window that tonic's servers grant.
const WINDOW: u32 = 1024 * 1024;
/// How many bytes are gathered before they are sent, as tonic does.
const GATHERED: usize = 32 * 1024;
/// Before each message: one byte that says whether it is compressed, and its length.
const PREFIX: usize = 5;

/// Serves the methods of lessons 6 to 9 and 11.
pub async fn serve(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("the port should be free");
    loop {
        let accepted = listener.accept().await;
        let (socket, _) = accepted.expect("the listener should accept");
        tokio::spawn(connection(socket));
    }
}

async fn connection(socket: TcpStream) {
    socket.set_nodelay(true).expect("the socket should be open");
    let mut builder = Builder::new();
    builder
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let Ok(mut connection) = builder.handshake(socket).await else {
        return;
    };
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(call(request, respond));
    }
}

/// Serves one call. Ends early when the client leaves.
async fn call(
    request: http::Request<RecvStream>,
    respond: SendResponse<Bytes>,
) -> Result<(), h2::Error> {
    let (head, body) = request.into_parts();
    let out = send_headers(respond)?;
    let call = Call { body, out, received: BytesMut::new() };
    match head.uri.path().rsplit('/').next().unwrap_or_default() {
        "Calculate" => call.respond_to_each(calculate).await,
        "ListSubjects" => call.respond_to_each(list_subjects).await,
        "Accumulate" => call.respond_to_all(accumulate).await,
        "Guess" => call.respond_to_each(guess).await,
        "Unary" => call.respond_to_each(unary).await,
        "ServerStream" => call.respond_to_each(server_stream).await,
        "ClientStream" => call.respond_to_all(client_stream).await,
        "BidiStream" => call.respond_to_each(bidi_stream).await,
        method => panic!("no method {method}"),
    }
}

fn send_headers(
    mut respond: SendResponse<Bytes>,
) -> Result<SendStream<Bytes>, h2::Error> {
    let mut response = http::Response::new(());
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", grpc);
    respond.send_response(response, false)
}

// --- the methods

fn calculate(request: CalculateRequest) -> [CalculateResponse; 1] {
    let CalculateRequest { left, operation, right } = request;
    let operation = operation.try_into().expect("the operation should be known");
    let result = calculator::calculate(left, operation, right);
    [CalculateResponse { result: result.expect("the result should fit") }]
}

fn list_subjects(
    request: ListSubjectsRequest,
) -> impl Iterator<Item = ListSubjectsResponse> {
    let subjects = subjects_by_city::subjects(&request.city);
    let subjects = subjects.expect("the city should be known").iter();
    subjects.map(|subject| ListSubjectsResponse { subject: subject.to_string() })
}

fn accumulate(response: &mut AccumulateResponse, request: AccumulateRequest) {
    response.sum += request.delta;
}

fn guess(request: GuessRequest) -> [GuessResponse; 1] {
    [GuessResponse { number: request.number, verdict: "bingo".into() }]
}

fn unary(request: UnaryRequest) -> [UnaryResponse; 1] {
    [UnaryResponse { payload: request.payload }]
}

fn server_stream(
    request: ServerStreamRequest,
) -> impl Iterator<Item = ServerStreamResponse> {
    let ServerStreamRequest { payload, messages } = request;
    repeat_n(ServerStreamResponse { payload }, messages as usize)
}

fn client_stream(response: &mut ClientStreamResponse, request: ClientStreamRequest) {
    response.messages += 1;
    response.size += request.payload.len() as u64;
}

fn bidi_stream(request: BidiStreamRequest) -> [BidiStreamResponse; 1] {
    [BidiStreamResponse { payload: request.payload }]
}

// --- gRPC on an HTTP/2 stream

/// A call whose response headers have been sent.
struct Call {
    /// DATA frames from the client.
    body: RecvStream,
    /// DATA frames to the client.
    out: SendStream<Bytes>,
    /// What was received and is not a whole message yet. It begins with a prefix.
    received: BytesMut,
}

impl Call {
    /// Responds to each message as soon as it is here.
    async fn respond_to_each<Request, Response, Responses>(
        mut self,
        respond: impl Fn(Request) -> Responses,
    ) -> Result<(), h2::Error>
    where
        Request: Message + Default,
        Response: Message,
        Responses: IntoIterator<Item = Response>,
    {
        let mut out = BytesMut::new();
        while self.receive().await? {
            while let Some(request) = self.next_message() {
                for response in respond(request) {
                    put_message(&mut out, &response);
                    if out.len() >= GATHERED {
                        self.send(out.split().freeze()).await?;
                    }
                }
            }
            if !out.is_empty() {
                self.send(out.split().freeze()).await?;
            }
        }
        self.send_trailers()
    }

    /// Responds when all messages are here.
    async fn respond_to_all<Request, Response>(
        mut self,
        add: impl Fn(&mut Response, Request),
    ) -> Result<(), h2::Error>
    where
        Request: Message + Default,
        Response: Message + Default,
    {
        let mut response = Response::default();
        while self.receive().await? {
            while let Some(request) = self.next_message() {
                add(&mut response, request);
            }
        }
        let mut out = BytesMut::new();
        put_message(&mut out, &response);
        self.send(out.freeze()).await?;
        self.send_trailers()
    }

    /// Waits for a DATA frame. False if the client has finished.
    async fn receive(&mut self) -> Result<bool, h2::Error> {
        let Some(data) = self.body.data().await else {
            return Ok(false);
        };
        let data = data?;
        self.body.flow_control().release_capacity(data.len())?;
        self.received.extend_from_slice(&data);
        Ok(true)
    }

    /// Takes a message from what was received; `None` if no whole one is left.
    fn next_message<M: Message + Default>(&mut self) -> Option<M> {
        let size = self.received.get(1..PREFIX)?.try_into();
        let size = size.expect("a prefix has four bytes of length");
        let size = u32::from_be_bytes(size) as usize;
        if self.received.len() < PREFIX + size {
            return None;
        }
        self.received.advance(PREFIX);
        let message = M::decode(self.received.split_to(size));
        Some(message.expect("the client should send the method's messages"))
    }

    /// Sends as much as the client's window allows, until all is sent.
    async fn send(&mut self, mut data: Bytes) -> Result<(), h2::Error> {
        while !data.is_empty() {
            self.out.reserve_capacity(data.len());
            let mut capacity = self.out.capacity();
            if capacity == 0 {
                let Some(granted) = poll_fn(|cx| self.out.poll_capacity(cx)).await else {
                    return Ok(());
                };
                capacity = granted?;
            }
            let part = data.split_to(capacity.min(data.len()));
            self.out.send_data(part, false)?;
        }
        Ok(())
    }

    fn send_trailers(mut self) -> Result<(), h2::Error> {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        self.out.send_trailers(trailers)
    }
}

/// Appends a message with its prefix.
fn put_message(out: &mut BytesMut, message: &impl Message) {
    let size = message.encoded_len();
    out.reserve(PREFIX + size);
    out.put_u8(0);
    out.put_u32(u32::try_from(size).expect("a message should be small"));
    message.encode(out).expect("the room was reserved");
}
