//! Lesson 8: the exercise, what the service responds, who ends a call, and how it can end.

#[path = "../../lessons/08_accumulate/exercise.rs"]
mod exercise;
#[path = "../../lessons/08_accumulate/solution.rs"]
mod solution;
#[path = "../../lessons/08_accumulate/wrong_half.rs"]
mod wrong_half;
#[path = "../../lessons/08_accumulate/wrong_late.rs"]
mod wrong_late;
#[path = "../../lessons/08_accumulate/wrong_left.rs"]
mod wrong_left;
#[path = "../../lessons/08_accumulate/wrong_partly.rs"]
mod wrong_partly;
#[path = "../../lessons/08_accumulate/wrong_saturates.rs"]
mod wrong_saturates;
#[path = "../../lessons/08_accumulate/wrong_wraps.rs"]
mod wrong_wraps;
#[path = "../../lessons/08_accumulate/wrong_zero.rs"]
mod wrong_zero;

mod backpressure;
mod cancelling;
mod check;
mod endings;
mod programs;
mod service;

use grpc_workbook::accumulate::Accumulator;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, CollectRequest,
    accumulate_service_client::AccumulateServiceClient,
    accumulate_service_server::{AccumulateService, AccumulateServiceServer},
};
use tokio_stream::{Stream, StreamExt, iter};
use tonic::service::Routes;
use tonic::transport::Channel;

use check::check;

type Client = AccumulateServiceClient<Channel>;

support::exercise! {
    files: "lessons/08_accumulate/exercise.rs",
    serve: |answer| serving(answer::Meter::default()),
    check: check,
    own: serving(Accumulator),
    wrong: [
        wrong_half,
        wrong_late => "book/generated/08-accumulate-report.txt",
        wrong_left,
        wrong_partly,
        wrong_saturates,
        wrong_wraps,
        wrong_zero,
    ],
}

fn serving(service: impl AccumulateService) -> Routes {
    Routes::new(AccumulateServiceServer::new(service))
}

/// A stream of requests that add these numbers.
fn deltas<I>(deltas: I) -> impl Stream<Item = AccumulateRequest> + Send + 'static
where
    I: IntoIterator<Item = i32, IntoIter: Send + 'static>,
{
    iter(deltas).map(|delta| AccumulateRequest { delta })
}

fn word(data: &str) -> CollectRequest {
    CollectRequest { data: data.into() }
}

/// A stream of requests with these words.
fn words<'w>(
    words: impl IntoIterator<Item = &'w str>,
) -> impl Stream<Item = CollectRequest> + Send + 'static {
    let requests: Vec<_> = words.into_iter().map(word).collect();
    iter(requests)
}

/// The chapter's excerpts of the generated code: the trait and the client's method.
#[test]
fn excerpts_match_the_generated_code() {
    let code = support::generated("accumulate.v1.rs");
    let excerpt = |from, to| support::excerpt(&code, from, to);
    support::written(
        "book/generated/08-accumulate-trait.rs",
        &excerpt("pub trait AccumulateService", "\n    }"),
    );
    support::written(
        "book/generated/08-accumulate-client.rs",
        &excerpt("pub async fn accumulate(", "\n        }"),
    );
}
