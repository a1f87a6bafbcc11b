//! The exercise's check.

use grpc_workbook::status::status_line;
use grpc_workbook::subjects_by_city::proto::subjects_by_city_service_client::SubjectsByCityServiceClient;
use support::checks::{Checks, Streamed, Verdict};
use tonic::service::Routes;

use crate::{EndedStream, read, request};

/// Asks a service for the subjects of one city, of several, and of unknown ones.
pub async fn check(server: Routes) -> Verdict {
    let client = SubjectsByCityServiceClient::new(server);
    let mut checks = Checks::default();
    let wuhan = ["python", "测试", "java", "php"];
    let both = ["python", "测试", "java", "php", "c++", "go", "运维"];
    let shanghai = ["python", "c++", "go", "测试", "运维", "java", "php"];
    let all = [
        "python",
        "c++",
        "go",
        "产品经理",
        "测试",
        "运维",
        "java",
        "php",
    ];
    for (cities, messages, end) in [
        ("wuhan", &wuhan[..], "OK"),
        ("wuhan,shanghai", &both, "OK"),
        ("shanghai,wuhan", &shanghai, "OK"),
        ("beijing,shanghai,wuhan", &all, "OK"),
        ("wuhan,wuhan", &wuhan, "OK"),
        ("tokyo", &[], "NOT_FOUND: unknown city: tokyo"),
        ("wuhan,tokyo", &wuhan, "NOT_FOUND: unknown city: tokyo"),
        ("wuhan,东京,beijing", &wuhan, "NOT_FOUND: unknown city: 东京"),
        ("tokyo,wuhan", &[], "NOT_FOUND: unknown city: tokyo"),
        ("wuhan,shanghai,tokyo,oslo", &both, "NOT_FOUND: unknown city: tokyo"),
        ("wuhan,,beijing", &wuhan, "NOT_FOUND: unknown city: "),
        ("", &[], "NOT_FOUND: unknown city: "),
    ] {
        let mut client = client.clone();
        let response = async move {
            let response = client.list_subjects(request(cities)).await;
            let EndedStream { messages, error } = read(response).await;
            let end = error.map_or("OK".into(), |status| status_line(&status));
            Ok(Streamed { messages, end })
        };
        let expected = Ok(Streamed::new(messages, end));
        let call = format!("ListSubjects({cities})");
        checks.call(call, response, expected).await;
    }
    checks.verdict()
}
