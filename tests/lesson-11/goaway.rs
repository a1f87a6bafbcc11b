//! Calls that a server has not begun are made again, and no others: RFC 9113, 6.8 and 8.7.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::speed::Speed;
use grpc_workbook::speed::load::{LoadResult, Plan, Until, connect, run};
use grpc_workbook::speed::proto::speed_service_server::SpeedServiceServer;
use grpc_workbook::speed::workload::{CallKind, Workload};
use support::endings::KillableServer;
use support::patience::within;
use tonic::service::Routes;
use tonic::transport::Uri;

use crate::load::load;
use crate::raw_server::{Reply, serve};

const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const INTERNAL_ERROR: u32 = 2;
const ENHANCE_YOUR_CALM: u32 = 11;

/// Makes forty calls.
async fn forty(server: &Uri, workload: Workload, in_flight: usize) -> LoadResult {
    let plan = Plan {
        in_flight,
        timeout: Duration::from_secs(80),
        ..Plan::sequential(Until::Count(40))
    };
    load(server, &workload, plan)
        .await
        .expect("all responses should be right")
}

#[tokio::test]
async fn what_was_not_begun_is_made_again() {
    for kind in CallKind::value_variants() {
        for in_flight in [1, 8] {
            for reply in [
                Reply::GoAway(0),
                Reply::GoAway(ENHANCE_YOUR_CALM),
                Reply::TwoGoAways,
                Reply::Reset(REFUSED_STREAM),
            ] {
                let workload = Workload::speed(*kind, 5, 3);
                let (server, answered) =
                    serve(
                        &workload,
                        move |call| {
                            if call % 7 == 0 { reply } else { Reply::Right }
                        },
                    );
                let result = forty(&server, workload, in_flight).await;
                let what = format!(
                    "{kind:?}, {in_flight} in flight, {reply:?}: {:?}",
                    result.errors
                );
                assert_eq!((result.succeeded(), result.failed()), (40, 0), "{what}");
                assert!(result.retried > 0, "{what}");
                // None was made a second time after it was answered.
                assert_eq!(answered.load(Relaxed), 40, "{what}");
            }
        }
    }
}

/// The server may have begun these.
#[tokio::test]
async fn what_may_have_run_is_counted_as_failed() {
    for (reply, code) in [
        (Reply::Reset(CANCEL), "CANCELLED"),
        (Reply::Reset(INTERNAL_ERROR), "INTERNAL"),
        // With headers the call has begun, whatever the server says then.
        (Reply::LateReset(REFUSED_STREAM), "UNAVAILABLE"),
        (Reply::Begun, "UNKNOWN"),
        (Reply::HangUp, "UNKNOWN"),
    ] {
        let workload = Workload::speed(CallKind::Unary, 5, 1);
        let (server, answered) =
            serve(&workload, move |call| if call == 7 { reply } else { Reply::Right });
        let result = forty(&server, workload, 1).await;
        assert_eq!((result.succeeded(), result.failed()), (39, 1), "{reply:?}");
        assert_eq!(result.errors.get(code), Some(&1), "{reply:?}: {:?}", result.errors);
        assert_eq!(answered.load(Relaxed), 39, "{reply:?}");
    }
}

/// A server that begins nothing, ever: each call is given up after some attempts.
#[tokio::test]
async fn attempts_are_bounded() {
    let workload = Workload::speed(CallKind::Unary, 5, 1);
    for (reply, code) in [
        (Reply::GoAway(0), "INTERNAL"),
        (Reply::Reset(REFUSED_STREAM), "UNAVAILABLE"),
    ] {
        let (server, _) = serve(&workload, move |_| reply);
        let plan = Plan {
            in_flight: 3,
            timeout: Duration::from_secs(80),
            ..Plan::sequential(Until::Count(3))
        };
        let result = load(&server, &workload, plan)
            .await
            .expect("failed calls should be counted");
        assert_eq!((result.succeeded(), result.failed()), (0, 3), "{:?}", result.errors);
        // The last attempt of a call may find a connection that takes no more, and is cancelled.
        let others = result.errors.get("CANCELLED").copied().unwrap_or_default();
        let told = result.errors.get(code).copied().unwrap_or_default();
        assert_eq!(told + others, 3, "{:?}", result.errors);
        assert_eq!(result.retried, 60, "{:?}", result.errors);
    }
}

/// A server whose process ended: each call is tried for a while, and then counted.
#[tokio::test]
async fn nobody_is_there_any_more() {
    let workload = Arc::new(Workload::speed(CallKind::Unary, 5, 1));
    let server =
        KillableServer::start(Routes::new(SpeedServiceServer::new(Speed::default())));
    let uri = format!("http://{}", server.address)
        .parse()
        .expect("an address should make a URI");
    let plan = Plan {
        in_flight: 4,
        timeout: Duration::from_secs(80),
        ..Plan::sequential(Until::Count(8))
    };
    let channels = connect(&uri, &plan)
        .await
        .expect("the server should be reached");
    let calls = || async {
        let load = Box::pin(run(&channels, &workload, &plan));
        within("the end of the load", load)
            .await
            .expect("failed calls should be counted")
    };
    assert_eq!(calls().await.succeeded(), 8);
    server.kill();
    let after = calls().await;
    assert_eq!((after.succeeded(), after.failed()), (0, 8), "{:?}", after.errors);
}
