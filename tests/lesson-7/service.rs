//! What the lesson's service answers, and when the task behind `Tick` ends.

use std::time::Duration;

use grpc_workbook::subjects_by_city::proto::{
    TickRequest, subjects_by_city_service_client::SubjectsByCityServiceClient,
    subjects_by_city_service_server::SubjectsByCityServiceServer,
};
use grpc_workbook::subjects_by_city::{
    SubjectsByCity, TICK_BUFFER, send_all, subjects, ticks,
};
use support::checks::outcome;
use support::endings::KillableServer;
use tokio::sync::mpsc;
use tonic::{Code, Response};

use crate::{connect_recorded, data_lengths, read, request, serving};

/// A client of the lesson's service, without a connection between them.
fn client() -> SubjectsByCityServiceClient<SubjectsByCityServiceServer<SubjectsByCity>> {
    SubjectsByCityServiceClient::new(SubjectsByCityServiceServer::new(
        SubjectsByCity::default(),
    ))
}

#[tokio::test]
async fn a_known_city_has_its_subjects_in_order() {
    for (city, expected) in [
        ("beijing", "python c++ go 产品经理 测试 运维 java php"),
        ("shanghai", "python c++ go 测试 运维 java php"),
        ("wuhan", "python 测试 java php"),
    ] {
        let seen = read(client().list_subjects(request(city)).await).await;
        assert_eq!(seen.messages.join(" "), expected);
        assert!(seen.error.is_none(), "{seen:?}");
        let subjects = subjects(city).expect("the city should be known");
        assert_eq!(subjects, &seen.messages[..]);
    }
}

#[tokio::test]
async fn an_unknown_city_is_not_found() {
    for city in ["tokyo", "", "Beijing", "东京", "a\nb%20"] {
        let seen = read(client().list_subjects(request(city)).await).await;
        assert!(seen.messages.is_empty());
        let status = seen.error.expect("the call should fail");
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(status.message(), format!("unknown city: {city}"));
    }
}

#[test]
fn ticks_are_numbered() {
    let mut ticks = ticks("jlc".into()).expect("only close should be refused");
    assert_eq!(ticks.next().as_deref(), Some("send 1 jlc"));
    assert_eq!(ticks.next().as_deref(), Some("send 2 jlc"));
}

#[tokio::test]
async fn close_is_refused_without_waiting_for_a_tick() {
    let close = TickRequest { data: "close".into(), interval_ms: 3_600_000 };
    let response = client().tick(close).await;
    let ended = outcome(response.map(|_stream| Response::new(())));
    assert_eq!(ended, Err("CANCELLED: CANCELLED".into()));
}

/// The page's answer to "predict".
#[tokio::test]
async fn messages_that_are_ready_travel_in_one_frame() {
    let server = KillableServer::start(serving(SubjectsByCity::default()));
    let (mut client, mut recording) = connect_recorded(&server).await;
    let seen = read(client.list_subjects(request("wuhan")).await).await;
    assert_eq!(seen.messages.len(), 4);
    let frames = recording
        .server
        .wait(|frames| Some(data_lengths(frames).len()));
    assert_eq!(frames.await.expect("the connection should be open"), 1);
}

/// The clock's task ends with its call, however long it is to sleep before the next tick.
#[tokio::test]
async fn a_task_that_sleeps_ends_when_the_client_leaves() {
    let (tx, rx) = mpsc::channel(TICK_BUFFER);
    let ticks = ticks("hello".into()).expect("only close should be refused");
    let task = tokio::spawn(send_all(ticks, Duration::from_secs(3600), tx));
    drop(rx);
    assert_eq!(task.await.expect("the task should not panic"), 0);
}

#[tokio::test]
async fn a_task_that_waits_for_room_ends_when_the_client_leaves() {
    let (tx, mut rx) = mpsc::channel(1);
    let task = tokio::spawn(send_all(1.., Duration::ZERO, tx));
    assert_eq!(rx.recv().await.map(Result::ok), Some(Some(1)));
    drop(rx);
    let sent = task.await.expect("the task should not panic");
    assert!((1..=2).contains(&sent), "{sent}");
}
