//! What the load generator counts, and what it does with wrong responses.

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::accumulate::Accumulator;
use grpc_workbook::accumulate::proto::accumulate_service_server::AccumulateServiceServer;
use grpc_workbook::calculator::Calculator;
use grpc_workbook::calculator::proto::calculator_service_server::CalculatorServiceServer;
use grpc_workbook::guess_number::GuessNumber;
use grpc_workbook::guess_number::proto::guess_number_service_server::GuessNumberServiceServer;
use grpc_workbook::speed::Speed;
use grpc_workbook::speed::faults::{self, ServerFault};
use grpc_workbook::speed::load::{CallError, LoadResult, Plan, Until, connect, run};
use grpc_workbook::speed::proto::shop_service_server::ShopServiceServer;
use grpc_workbook::speed::proto::speed_service_server::SpeedServiceServer;
use grpc_workbook::speed::stock;
use grpc_workbook::speed::workload::{CallKind, Workload};
use grpc_workbook::subjects_by_city::SubjectsByCity;
use grpc_workbook::subjects_by_city::proto::subjects_by_city_service_server::SubjectsByCityServiceServer;
use support::endings::KillableServer;
use support::patience::within;
use tonic::service::Routes;
use tonic::transport::Uri;

use crate::ms;
use crate::solution::Shop;

/// Long enough for a busy machine: none of these servers keeps a call waiting for ever.
const PLAN: Plan =
    Plan { timeout: Duration::from_secs(80), ..Plan::sequential(Until::Count(10)) };

fn uri(server: &KillableServer) -> Uri {
    let uri = format!("http://{}", server.address);
    uri.parse().expect("an address should make a URI")
}

fn speed() -> KillableServer {
    KillableServer::start(Routes::new(SpeedServiceServer::new(Speed::default())))
}

/// Makes the calls of a plan, on connections of their own.
pub async fn load(
    server: &Uri,
    workload: &Workload,
    plan: Plan,
) -> Result<LoadResult, CallError> {
    let channels = connect(server, &plan)
        .await
        .expect("the server should be reached");
    assert_eq!(channels.len(), plan.connections);
    let workload = Arc::new(workload.clone());
    let result = run(&channels, &workload, &plan);
    let result = within("the end of the load", Box::pin(result)).await?;
    assert_eq!(result.latency.count(), result.service.count());
    Ok(result)
}

async fn measure(
    server: &Uri,
    workload: Workload,
    plan: Plan,
) -> Result<LoadResult, String> {
    load(server, &workload, plan)
        .await
        .map_err(|error| match error {
            CallError::WrongResponse(how) => how,
            other => format!("{other:?}"),
        })
}

#[tokio::test]
async fn every_call_is_counted_once() {
    let server = speed();
    for kind in CallKind::value_variants() {
        for size in [0, 1, 70_000] {
            for (connections, in_flight, count) in [(1, 1, 3), (2, 5, 33), (1, 64, 7)] {
                let plan =
                    Plan { connections, in_flight, until: Until::Count(count), ..PLAN };
                let workload = Workload::speed(*kind, size, 3);
                let result = measure(&uri(&server), workload, plan).await;
                let result = result.expect("all responses should be right");
                assert_eq!((result.succeeded(), result.failed()), (count, 0));
            }
        }
    }
}

#[tokio::test]
async fn streams_of_any_length() {
    let server = speed();
    for kind in CallKind::value_variants() {
        for messages in [0, 1, 10_000] {
            let workload = Workload::speed(*kind, 1, messages);
            let result = measure(&uri(&server), workload, PLAN)
                .await
                .expect("all responses should be right");
            assert_eq!((result.succeeded(), result.failed()), (10, 0));
        }
    }
}

#[tokio::test]
async fn the_services_of_other_lessons() {
    let server = KillableServer::start(
        Routes::new(CalculatorServiceServer::new(Calculator))
            .add_service(SubjectsByCityServiceServer::new(SubjectsByCity::default()))
            .add_service(AccumulateServiceServer::new(Accumulator))
            .add_service(GuessNumberServiceServer::new(GuessNumber)),
    );
    for (lesson, messages) in [(6, 1), (7, 8), (8, 50), (9, 50)] {
        let workload =
            Workload::lesson(lesson, 50).expect("the load should know the lesson");
        assert_eq!(workload.messages(), messages);
        let result = measure(&uri(&server), workload, PLAN)
            .await
            .expect("all responses should be right");
        assert_eq!((result.succeeded(), result.failed()), (10, 0));
    }
    assert!(Workload::lesson(5, 1).is_none() && Workload::lesson(10, 1).is_none());
}

#[tokio::test]
async fn the_service_of_the_exercise() {
    let stock = stock::serve().expect("there should be a free port");
    let shop = Shop::new(stock);
    let server = KillableServer::start(Routes::new(ShopServiceServer::new(shop)));
    let result = measure(&uri(&server), Workload::exercise(), PLAN)
        .await
        .expect("all responses should be right");
    assert_eq!((result.succeeded(), result.failed()), (10, 0));
}

#[tokio::test]
async fn an_open_loop_makes_the_calls_that_are_scheduled() {
    let server = speed();
    let workload = || Workload::speed(CallKind::Unary, 1, 1);
    for (rate, passed, calls) in [(100.0, 100, 10), (20_000.0, 10, 200), (1.0, 1, 1)] {
        let plan = Plan {
            in_flight: 3,
            rate: Some(rate),
            until: Until::Passed(ms(passed)),
            ..PLAN
        };
        let result = measure(&uri(&server), workload(), plan)
            .await
            .expect("all responses should be right");
        // On a busy machine the time may be up before all of them have begun.
        assert_eq!((result.succeeded() + result.not_begun, result.failed()), (calls, 0));
    }
    let plan = Plan { rate: Some(1000.0), until: Until::Count(20), ..PLAN };
    let result = measure(&uri(&server), workload(), plan)
        .await
        .expect("all responses should be right");
    assert_eq!(result.succeeded(), 20);
    // The last of them was not scheduled before.
    assert!(result.elapsed >= ms(19));
}

/// Of 400 calls, one every 5 ms, a server that stands still for half a second holds up a
/// hundred, and eighty of them for longer than 100 ms. A closed loop meets it with one call.
#[tokio::test]
async fn a_stall_is_seen_by_an_open_loop() {
    let plan = Plan { in_flight: 1, rate: Some(200.0), until: Until::Count(400), ..PLAN };
    let stalls = || {
        faults::serve(ServerFault::Stall { call: 100, time: ms(500) })
            .expect("there should be a free port")
    };
    let workload = || Workload::speed(CallKind::Unary, 64, 1);
    let open = measure(&stalls(), workload(), plan)
        .await
        .expect("all responses should be right");
    assert!(open.latency.percentile(100_000 - 79 * 250) >= ms(100));
    // The chapter's answer: p90 is the 41st slowest, p99 the fifth.
    assert!(open.latency.percentile(90_000) >= ms(300));
    assert!(open.latency.percentile(99_000) >= ms(480));
    // One of the hundred was sent and waited there, with the only worker. The others were sent
    // late, and were quick from then on: counted from when they started, nothing has happened.
    assert!(open.latency.percentile(85_000) >= ms(100));
    assert!(open.service.percentile(85_000) < ms(100));
    assert!(open.held_up > 0);
    let plan = Plan { rate: None, ..plan };
    let closed = measure(&stalls(), workload(), plan)
        .await
        .expect("all responses should be right");
    assert!(closed.latency.max() >= ms(500));
    // One call. On a machine that does nothing else, not even p99 sees it.
    assert!(closed.latency.percentile(90_000) < ms(250));
}

/// A server that stands still at its first call, while the time of all others comes.
#[tokio::test]
async fn calls_that_no_worker_was_free_for_are_counted() {
    for (in_flight, held_up) in [(1, 99), (10, 90), (100, 0)] {
        let fault = ServerFault::Stall { call: 1, time: ms(500) };
        let server = faults::serve(fault).expect("there should be a free port");
        let until = Until::Count(100);
        let plan = Plan { in_flight, rate: Some(1000.0), until, ..PLAN };
        let result = measure(&server, Workload::speed(CallKind::Unary, 1, 1), plan)
            .await
            .expect("all responses should be right");
        assert_eq!((result.succeeded(), result.held_up), (100, held_up));
    }
}

#[tokio::test]
async fn a_wrong_response_voids_the_measurement() {
    let server = faults::serve(ServerFault::WrongResponse { call: 7 })
        .expect("there should be a free port");
    let workload = Workload::speed(CallKind::Unary, 64, 1);
    assert_eq!(
        measure(&server, workload, PLAN)
            .await
            .expect_err("a wrong response should be an error"),
        "a wrong response: message 1 of Unary has 65 bytes, \
        should have 66, and differs at byte 1"
    );
    let server = speed();
    let mut less = Workload::speed(CallKind::Server, 1, 3);
    less.times = 2;
    assert_eq!(
        measure(&uri(&server), less, PLAN)
            .await
            .expect_err("a wrong response should be an error"),
        "a wrong response: more than 2 messages of ServerStream"
    );
    let mut more = Workload::speed(CallKind::Bidi, 1, 3);
    more.times = 4;
    assert_eq!(
        measure(&uri(&server), more, PLAN)
            .await
            .expect_err("a wrong response should be an error"),
        "a wrong response: message 4 of BidiStream is missing"
    );
}

#[tokio::test]
async fn errors_are_counted_by_status() {
    let server = speed();
    let workload = Workload::lesson(6, 1).expect("the load should know the lesson");
    let result = measure(&uri(&server), workload, PLAN)
        .await
        .expect("failed calls should be counted");
    assert_eq!((result.succeeded(), result.failed()), (0, 10));
    assert_eq!(result.errors.get("UNIMPLEMENTED"), Some(&10));
}
