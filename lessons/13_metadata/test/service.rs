//! The service: an id in every answer of every method, languages, trailers, and the notifier.

use std::sync::PoisonError;

use lesson_12::Enrolments;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::enrol_service_server::EnrolServiceServer;
use lesson_12::proto::{
    CancelRequest, GetCourseRequest, ListCoursesRequest, WatchSeatsRequest,
};
use lesson_13::proto::NotifyRequest;
use lesson_13::proto::notify_service_server::NotifyServiceServer;
use lesson_13::{
    ACCEPT_LANGUAGE, COURSES, Identified, Language, NOTIFIED, Notifier, REQUEST_ID,
    add_trailers, localized, notifier, read_language,
};
use school::MemorySchool;
use support::patience::within;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Status};
use tonic_types::{ErrorDetails, StatusExt};
use tower::util::MapResponseLayer;

use crate::check::{Remembering, Told, channel_to, enrolment, text_of};

type Client = EnrolServiceClient<Channel>;

/// The school as the lesson serves it, with this notifier.
fn school(notifier: Notifier) -> Client {
    let enrolments = Enrolments::new(MemorySchool::new(school::courses()));
    let service = Identified::new(enrolments, notifier);
    let any = "127.0.0.1:0".parse().expect("should be an address");
    let incoming = TcpIncoming::bind(any).expect("a port should be free");
    let address = incoming.local_addr().expect("should have an address");
    let server = Server::builder()
        .layer(MapResponseLayer::new(add_trailers))
        .add_service(EnrolServiceServer::with_interceptor(service, read_language))
        .serve_with_incoming(incoming);
    tokio::spawn(server);
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    Client::new(endpoint.expect("should be a URI").connect_lazy())
}

fn remembering() -> (Notifier, Told) {
    let told = Told::default();
    let service = NotifyServiceServer::new(Remembering(told.clone()));
    (Notifier::new(channel_to(Routes::new(service))), told)
}

/// A request with an id.
fn with_id<T>(id: &'static str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let id = MetadataValue::from_static(id);
    request.metadata_mut().insert(REQUEST_ID, id);
    request
}

#[tokio::test]
async fn every_method_echoes_the_id() {
    let (notifier, _told) = remembering();
    let mut client = school(notifier);
    let nothing = GetCourseRequest::default();
    let course = GetCourseRequest { course_id: "wuhan-c".into() };
    let response = within("a course", client.get_course(with_id("a", course))).await;
    assert_eq!(text_of(response.expect("it should be there").metadata()), "a");
    let status = within("none", client.get_course(with_id("b", nothing))).await;
    assert_eq!(text_of(status.expect_err("there is none").metadata()), "b");
    let none = CancelRequest::default();
    let status = within("none", client.cancel(with_id("c", none))).await;
    assert_eq!(text_of(status.expect_err("there is none").metadata()), "c");
    let city = ListCoursesRequest { city: "wuhan".into() };
    let response = within("courses", client.list_courses(with_id("d", city))).await;
    assert_eq!(text_of(response.expect("there should be some").metadata()), "d");
    let none = WatchSeatsRequest::default();
    let status = within("none", client.watch_seats(with_id("e", none))).await;
    assert_eq!(text_of(status.expect_err("there is none").metadata()), "e");
    let watched = WatchSeatsRequest { course_id: "wuhan-c".into() };
    let response = within("seats", client.watch_seats(with_id("f", watched))).await;
    assert_eq!(text_of(response.expect("there should be some").metadata()), "f");
}

/// In the order in which the messages come, and behind them.
#[tokio::test]
async fn a_stream_ends_with_its_count() {
    let (notifier, _told) = remembering();
    let mut client = school(notifier);
    for (city, expected) in [("wuhan", 4), ("rome", 0)] {
        let city = ListCoursesRequest { city: city.into() };
        let response = within("courses", client.list_courses(city)).await;
        let mut courses = response.expect("the stream should begin").into_inner();
        let mut count = 0;
        while let Some(message) = within("a course", courses.message())
            .await
            .expect("it should end well")
        {
            assert!(message.course.is_some());
            count += 1;
        }
        let trailers = within("trailers", courses.trailers()).await;
        let trailers = trailers.expect("it should end well").unwrap_or_default();
        assert_eq!(count, expected);
        let counted = trailers.get(COURSES).expect("it should be there");
        assert_eq!(counted, count.to_string().as_str());
    }
}

/// With a notifier that works, with one that fails, and with one that is not there.
#[tokio::test]
async fn a_student_has_a_seat_even_if_nobody_can_be_told() {
    let (notifier, told) = remembering();
    let mut client = school(notifier);
    for (student, notified) in [("s-1", "yes"), ("nobody", "no")] {
        let request = with_id("mine", enrolment("wuhan-java", student));
        let response = within("a seat", client.enrol(request)).await;
        let response = response.expect("there should be a seat");
        let metadata = response.metadata();
        assert_eq!(metadata.get(NOTIFIED).expect("it should be there"), notified);
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let words = format!("to {student}@example.org with mine");
        let (ticket, told) = told.pop().expect("the notifier should be called");
        assert_eq!(told, words);
        let message = response.into_inner().ticket.unwrap_or_default();
        assert_eq!(ticket, message.id);
    }
    let gone = Endpoint::from_static("http://127.0.0.1:1").connect_lazy();
    let mut client = school(Notifier::new(gone));
    let response = within("a seat", client.enrol(enrolment("wuhan-java", "s-1"))).await;
    let response = response.expect("there should be a seat");
    assert_eq!(
        response
            .metadata()
            .get(NOTIFIED)
            .expect("it should be there"),
        "no"
    );
}

/// What `accept-language` comes to, as RFC 9110, section 12.5.4, has it.
#[test]
fn languages() {
    use Language::{Chinese, English};
    for (values, expected) in [
        (&[][..], English),
        (&["zh"], Chinese),
        (&["ZH-hans-CN"], Chinese),
        (&["zh-CN, en;q=0.8"], Chinese),
        (&["en, zh;q=0.8"], English),
        (&["en;q=0.5,zh;q=0.8"], Chinese),
        (&["zh;q=0, en;q=0.1"], English),
        (&["zh;q=0"], English),
        (&["fr, zh;q=0.1"], Chinese),
        (&["fr"], English),
        (&["*"], English),
        (&["fr", "zh"], Chinese),
        (&["zh ; q=0.3 , en ; q = 0.2"], Chinese),
        (&["zhuang"], English),
        (&["zh;q=lots"], English),
        (&["zh;q=NaN"], English),
        (&["zh;q=inf, en"], English),
        (&[""], English),
        (&[",;,q=,zh"], Chinese),
        (&["课"], English),
    ] {
        let mut metadata = MetadataMap::new();
        for value in values {
            let value = MetadataValue::try_from(*value).expect("it should be a value");
            metadata.append(ACCEPT_LANGUAGE, value);
        }
        assert_eq!(Language::wanted(&metadata), expected, "{values:?}");
    }
}

/// A text for the user is one more detail: the others stay, and so do the metadata.
#[test]
fn a_localized_text_leaves_the_other_details_alone() {
    let mut details = ErrorDetails::with_error_info("COURSE_FULL", "school.example", []);
    details.set_localized_message("fr", "complet");
    let mut metadata = MetadataMap::new();
    metadata.insert("x-note", MetadataValue::from_static("a"));
    let status = Status::with_error_details_and_metadata(
        Code::FailedPrecondition,
        "full",
        details,
        metadata,
    );
    let status = localized(&status, Language::Chinese);
    assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "full"));
    let info = status
        .get_details_error_info()
        .expect("it should be there still");
    assert_eq!(info.reason, "COURSE_FULL");
    let text = status
        .get_details_localized_message()
        .expect("it should be there");
    assert_eq!((&*text.locale, &*text.message), ("zh", "这门课程已经满员。"));
    assert_eq!(status.metadata().get("x-note").expect("it should stay"), "a");
}

/// A server's limit on all headers of a request together, and how to raise it.
#[tokio::test]
async fn a_limit_can_be_raised() {
    let any = "127.0.0.1:0".parse().expect("should be an address");
    let incoming = TcpIncoming::bind(any).expect("a port should be free");
    let address = incoming.local_addr().expect("should have an address");
    let server = Server::builder()
        .http2_max_header_list_size(256 * 1024)
        .add_service(notifier::service())
        .serve_with_incoming(incoming);
    tokio::spawn(server);
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    let mut client = Notifier::new(endpoint.expect("should be a URI").connect_lazy());
    let mut request = with_id("mine", NotifyRequest::default());
    let note = "x".repeat(100_000);
    let note = MetadataValue::try_from(note).expect("it should be a value");
    request.metadata_mut().insert("x-note", note);
    let response = within("the call", client.notify(request)).await;
    response.expect("it should be below the limit");
}
