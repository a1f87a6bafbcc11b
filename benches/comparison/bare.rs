//! The limit: the same answers from h2 alone, which speaks just enough gRPC. No deadlines,
//! no limits, no compression, no errors: what does not fit panics.

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
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response};

/// As tonic's servers grant it.
const WINDOW: u32 = 1024 * 1024;

pub async fn serve(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("listens");
    loop {
        let (socket, _) = listener.accept().await.expect("accepts");
        tokio::spawn(connection(socket));
    }
}

async fn connection(socket: TcpStream) {
    socket.set_nodelay(true).expect("is a TCP socket");
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

/// Ends early when the client leaves.
async fn call(
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) -> Result<(), h2::Error> {
    let (head, body) = request.into_parts();
    let call = Call { body, out: start(respond)?, wanted: BytesMut::new() };
    match head.uri.path().rsplit('/').next().unwrap_or_default() {
        "Calculate" => {
            call.one(|CalculateRequest { left, operation, right }| {
                let operation = operation.try_into().expect("is known");
                let result = calculator::calculate(left, operation, right);
                [CalculateResponse { result: result.expect("fits") }]
            })
            .await
        }
        "ListSubjects" => {
            call.one(|ListSubjectsRequest { city }| {
                let subjects = subjects_by_city::subjects(&city).expect("is known");
                let answer =
                    |subject: &&str| ListSubjectsResponse { subject: (*subject).into() };
                subjects.iter().map(answer)
            })
            .await
        }
        "Accumulate" => {
            let add = |answer: &mut AccumulateResponse, AccumulateRequest { delta }| {
                answer.sum += delta;
            };
            call.all(add).await
        }
        "Guess" => {
            call.one(|GuessRequest { number }| {
                [GuessResponse { number, verdict: "bingo".into() }]
            })
            .await
        }
        "Unary" => {
            call.one(|UnaryRequest { payload }| [UnaryResponse { payload }])
                .await
        }
        "ServerStream" => {
            call.one(|ServerStreamRequest { payload, messages }| {
                repeat_n(ServerStreamResponse { payload }, messages as usize)
            })
            .await
        }
        "ClientStream" => {
            let add = |answer: &mut ClientStreamResponse,
                       ClientStreamRequest { payload }| {
                answer.messages += 1;
                answer.size += payload.len() as u64;
            };
            call.all(add).await
        }
        "BidiStream" => {
            call.one(|BidiStreamRequest { payload }| [BidiStreamResponse { payload }])
                .await
        }
        method => panic!("no method {method}"),
    }
}

fn start(mut respond: SendResponse<Bytes>) -> Result<SendStream<Bytes>, h2::Error> {
    let mut response = Response::new(());
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", grpc);
    respond.send_response(response, false)
}

struct Call {
    body: RecvStream,
    out: SendStream<Bytes>,
    /// The beginning of a message that is not all here yet.
    wanted: BytesMut,
}

impl Call {
    /// Answers each message as soon as it is here.
    async fn one<Q: Message + Default, A: Message, I: IntoIterator<Item = A>>(
        mut self,
        answers: impl Fn(Q) -> I,
    ) -> Result<(), h2::Error> {
        let mut out = BytesMut::new();
        while self.more().await? {
            while let Some(request) = self.message() {
                for answer in answers(request) {
                    put(&mut out, &answer);
                    // As tonic does.
                    if out.len() >= 32 * 1024 {
                        self.send(out.split().freeze()).await?;
                    }
                }
            }
            if !out.is_empty() {
                self.send(out.split().freeze()).await?;
            }
        }
        self.end()
    }

    /// Answers when all messages are here.
    async fn all<Q: Message + Default, A: Message + Default>(
        mut self,
        add: impl Fn(&mut A, Q),
    ) -> Result<(), h2::Error> {
        let mut answer = A::default();
        while self.more().await? {
            while let Some(request) = self.message() {
                add(&mut answer, request);
            }
        }
        let mut out = BytesMut::new();
        put(&mut out, &answer);
        self.send(out.freeze()).await?;
        self.end()
    }

    async fn more(&mut self) -> Result<bool, h2::Error> {
        let Some(data) = self.body.data().await else {
            return Ok(false);
        };
        let data = data?;
        self.body.flow_control().release_capacity(data.len())?;
        self.wanted.extend_from_slice(&data);
        Ok(true)
    }

    fn message<Q: Message + Default>(&mut self) -> Option<Q> {
        let size = self.wanted.get(1..5)?.try_into().map(u32::from_be_bytes);
        let size = size.expect("has four bytes") as usize;
        if self.wanted.len() < 5 + size {
            return None;
        }
        self.wanted.advance(5);
        Some(Q::decode(self.wanted.split_to(size)).expect("is a message"))
    }

    /// Sends as much as the client's window allows, until all is sent.
    async fn send(&mut self, mut data: Bytes) -> Result<(), h2::Error> {
        while !data.is_empty() {
            self.out.reserve_capacity(data.len());
            let mut room = self.out.capacity();
            if room == 0 {
                let Some(granted) = poll_fn(|cx| self.out.poll_capacity(cx)).await else {
                    return Ok(());
                };
                room = granted?;
            }
            let part = data.split_to(room.min(data.len()));
            self.out.send_data(part, false)?;
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), h2::Error> {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        self.out.send_trailers(trailers)
    }
}

fn put(out: &mut BytesMut, message: &impl Message) {
    let size = message.encoded_len();
    out.reserve(5 + size);
    out.put_u8(0);
    out.put_u32(u32::try_from(size).expect("is small"));
    message.encode(out).expect("has room");
}
