//! Stock tonic: the work of the lessons' servers without what the lessons add, which is a line
//! for each call, counting, and `cli`.

use std::iter::repeat_n;
use std::pin::Pin;
use std::vec::IntoIter;

use clap::ValueEnum;
use grpc_workbook::accumulate::proto::accumulate_service_server::{
    AccumulateService, AccumulateServiceServer,
};
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
};
use grpc_workbook::calculator::calculate;
use grpc_workbook::calculator::proto::calculator_service_server::{
    CalculatorService, CalculatorServiceServer,
};
use grpc_workbook::calculator::proto::{CalculateRequest, CalculateResponse};
use grpc_workbook::guess_number::is_right;
use grpc_workbook::guess_number::proto::guess_number_service_server::{
    GuessNumberService, GuessNumberServiceServer,
};
use grpc_workbook::guess_number::proto::{
    EchoRequest, EchoResponse, GuessRequest, GuessResponse,
};
use grpc_workbook::speed::proto::speed_service_server::{
    SpeedService, SpeedServiceServer,
};
use grpc_workbook::speed::proto::{
    BidiStreamRequest, BidiStreamResponse, ClientStreamRequest, ClientStreamResponse,
    ServerStreamRequest, ServerStreamResponse, UnaryRequest, UnaryResponse,
};
use grpc_workbook::subjects_by_city::proto::subjects_by_city_service_server::{
    SubjectsByCityService, SubjectsByCityServiceServer,
};
use grpc_workbook::subjects_by_city::proto::{
    ListSubjectsRequest, ListSubjectsResponse, TickRequest, TickResponse,
};
use grpc_workbook::subjects_by_city::subjects;
use tokio::task::yield_now;
use tokio_stream::adapters::{FilterMap, Map};
use tokio_stream::{Empty, Iter, Stream, StreamExt, empty, iter};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

/// Stock tonic, as it is or with one thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Variant {
    /// As it is.
    Unchanged,
    /// On a runtime of one thread.
    SingleThread,
    /// Without nodelay.
    Delayed,
    /// Server streams pause after 32 messages.
    Pausing,
    /// With the windows that HTTP/2 has by itself, 64 KiB.
    SmallWindow,
    /// With windows of 16 MiB.
    LargeWindow,
    /// With windows that grow with the need.
    AdaptiveWindow,
}

/// All services.
#[derive(Clone, Copy)]
struct StockTonic {
    /// After how many messages a server stream pauses, so that other tasks run. `None`: only
    /// when its task has had its share.
    pause: Option<usize>,
}

/// Serves as tonic does by itself, or with the change of this variant. What concerns the runtime
/// is up to the caller.
pub async fn serve(variant: Variant, port: u16) {
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], port).into())
        .expect("the port should be free");
    let mut server = Server::builder();
    let mut service = StockTonic { pause: None };
    let mut nodelay = true;
    match variant {
        Variant::Unchanged | Variant::SingleThread => {}
        Variant::Delayed => nodelay = false,
        Variant::Pausing => service.pause = Some(32),
        Variant::SmallWindow => server = with_windows(65_535),
        Variant::LargeWindow => server = with_windows(16 * 1024 * 1024),
        Variant::AdaptiveWindow => server = server.http2_adaptive_window(Some(true)),
    }
    server
        .add_service(CalculatorServiceServer::new(service))
        .add_service(SubjectsByCityServiceServer::new(service))
        .add_service(AccumulateServiceServer::new(service))
        .add_service(GuessNumberServiceServer::new(service))
        .add_service(SpeedServiceServer::new(service))
        .serve_with_incoming(incoming.with_nodelay(Some(nodelay)))
        .await
        .expect("the server should go on");
}

/// A server whose windows, of streams and connections, have this many bytes.
fn with_windows(size: u32) -> Server {
    Server::builder()
        .initial_stream_window_size(size)
        .initial_connection_window_size(size)
}

#[tonic::async_trait]
impl CalculatorService for StockTonic {
    async fn calculate(
        &self,
        request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        let CalculateRequest { left, operation, right } = request.into_inner();
        let operation = operation
            .try_into()
            .map_err(|_| Status::invalid_argument("invalid operation"))?;
        let result = calculate(left, operation, right)?;
        Ok(Response::new(CalculateResponse { result }))
    }
}

#[tonic::async_trait]
impl SubjectsByCityService for StockTonic {
    type ListSubjectsStream = Iter<IntoIter<Result<ListSubjectsResponse, Status>>>;

    async fn list_subjects(
        &self,
        request: Request<ListSubjectsRequest>,
    ) -> Result<Response<Self::ListSubjectsStream>, Status> {
        let mut messages = Vec::new();
        for subject in subjects(&request.into_inner().city)? {
            messages.push(Ok(ListSubjectsResponse { subject: subject.to_string() }));
        }
        Ok(Response::new(iter(messages)))
    }

    type TickStream = Empty<Result<TickResponse, Status>>;

    async fn tick(
        &self,
        _request: Request<TickRequest>,
    ) -> Result<Response<Self::TickStream>, Status> {
        Ok(Response::new(empty()))
    }
}

#[tonic::async_trait]
impl AccumulateService for StockTonic {
    async fn accumulate(
        &self,
        request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        let mut deltas = request.into_inner();
        let mut sum = 0;
        while let Some(AccumulateRequest { delta }) = deltas.message().await? {
            sum += delta;
        }
        Ok(Response::new(AccumulateResponse { sum }))
    }

    async fn collect(
        &self,
        _request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

#[tonic::async_trait]
impl GuessNumberService for StockTonic {
    type GuessStream = FilterMap<
        Streaming<GuessRequest>,
        fn(Result<GuessRequest, Status>) -> Option<Result<GuessResponse, Status>>,
    >;

    async fn guess(
        &self,
        request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        Ok(Response::new(request.into_inner().filter_map(|guess| {
            match guess {
                Ok(GuessRequest { number }) => is_right(number)
                    .then(|| Ok(GuessResponse { number, verdict: "bingo".into() })),
                Err(status) => Some(Err(status)),
            }
        })))
    }

    type EchoStream = Empty<Result<EchoResponse, Status>>;

    async fn echo(
        &self,
        _request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        Ok(Response::new(empty()))
    }
}

#[tonic::async_trait]
impl SpeedService for StockTonic {
    async fn unary(
        &self,
        request: Request<UnaryRequest>,
    ) -> Result<Response<UnaryResponse>, Status> {
        let UnaryRequest { payload } = request.into_inner();
        Ok(Response::new(UnaryResponse { payload }))
    }

    type ServerStreamStream =
        Pin<Box<dyn Stream<Item = Result<ServerStreamResponse, Status>> + Send>>;

    async fn server_stream(
        &self,
        request: Request<ServerStreamRequest>,
    ) -> Result<Response<Self::ServerStreamStream>, Status> {
        let ServerStreamRequest { payload, messages } = request.into_inner();
        let message = Ok(ServerStreamResponse { payload });
        let messages = repeat_n(message, messages as usize);
        let Some(pause) = self.pause else {
            return Ok(Response::new(Box::pin(iter(messages))));
        };
        let pausing = iter((1..).zip(messages)).then(move |(n, message)| async move {
            if n % pause == 0 {
                yield_now().await;
            }
            message
        });
        Ok(Response::new(Box::pin(pausing)))
    }

    async fn client_stream(
        &self,
        request: Request<Streaming<ClientStreamRequest>>,
    ) -> Result<Response<ClientStreamResponse>, Status> {
        let mut requests = request.into_inner();
        let mut response = ClientStreamResponse::default();
        while let Some(ClientStreamRequest { payload }) = requests.message().await? {
            response.messages += 1;
            response.size += payload.len() as u64;
        }
        Ok(Response::new(response))
    }

    type BidiStreamStream = Map<
        Streaming<BidiStreamRequest>,
        fn(Result<BidiStreamRequest, Status>) -> Result<BidiStreamResponse, Status>,
    >;

    async fn bidi_stream(
        &self,
        request: Request<Streaming<BidiStreamRequest>>,
    ) -> Result<Response<Self::BidiStreamStream>, Status> {
        Ok(Response::new(request.into_inner().map(|request| {
            request.map(|BidiStreamRequest { payload }| BidiStreamResponse { payload })
        })))
    }
}
