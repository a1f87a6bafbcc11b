//! The check of the exercise: whether calls of the shop wait for each other, told by a stock
//! that knows how many calls it has at once.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use grpc_workbook::speed::proto::shop_service_client::ShopServiceClient;
use grpc_workbook::speed::proto::stock_service_server::{
    StockService, StockServiceServer,
};
use grpc_workbook::speed::proto::{
    GetPriceRequest, GetPriceResponse, GetTotalRequest, GetTotalResponse,
};
use grpc_workbook::speed::stock::price;
use support::checks::{Checks, Outcome, Verdict, outcome};
use support::endings::KillableServer;
use support::exercise::Breakable;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::service::Routes;
use tonic::transport::Endpoint;
use tonic::{Request, Response, Status};

/// An answer to the exercise: makes a shop whose stock is here.
pub struct Answer(Box<dyn FnOnce(Endpoint) -> Routes + Send>);

impl Answer {
    pub fn new(shop: impl FnOnce(Endpoint) -> Routes + Send + 'static) -> Answer {
        Answer(Box::new(shop))
    }
}

impl Breakable for Answer {
    fn panicking(self) -> Answer {
        Answer::new(|stock| (self.0)(stock).panicking())
    }

    fn hanging(self) -> Answer {
        Answer::new(|stock| (self.0)(stock).hanging())
    }
}

/// How many calls the check makes at once.
const AT_ONCE: usize = 8;

/// How long the stock waits for the last of them. A right answer never waits so long: its calls
/// are all there. It is shorter than the time that a call of a check may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// A stock that lets a call for "rare" go on only when there are [`AT_ONCE`] of them.
#[derive(Default)]
struct Gate {
    /// The calls for "rare".
    calls: watch::Sender<Calls>,
    /// The connections on which calls have come, by the client's address.
    connections: Mutex<HashSet<Option<SocketAddr>>>,
}

#[derive(Default)]
struct Calls {
    /// Under way now.
    now: usize,
    /// Under way at once, at most.
    most: usize,
    /// One of them has waited for the others in vain, so the rest need not wait.
    in_vain: bool,
}

impl Gate {
    async fn pass(&self) {
        self.calls.send_modify(|calls| {
            calls.now += 1;
            calls.most = calls.most.max(calls.now);
        });
        let mut calls = self.calls.subscribe();
        let all = calls.wait_for(|calls| calls.most == AT_ONCE || calls.in_vain);
        let waited = timeout(PATIENCE, all).await.map(drop);
        self.calls.send_modify(|calls| {
            calls.now -= 1;
            calls.in_vain |= waited.is_err();
        });
    }

    /// What the check compares: `8 with the stock at once, 1 connection`.
    fn observed(&self) -> String {
        let connections = self.connections.lock().expect("no call should panic").len();
        observed(self.calls.borrow().most, connections)
    }
}

fn observed(at_once: usize, connections: usize) -> String {
    let plural = if connections == 1 { "" } else { "s" };
    format!("right, {at_once} with the stock at once, {connections} connection{plural}")
}

#[tonic::async_trait]
impl StockService for Gate {
    async fn get_price(
        &self,
        request: Request<GetPriceRequest>,
    ) -> Result<Response<GetPriceResponse>, Status> {
        self.connections
            .lock()
            .expect("no call should panic")
            .insert(request.remote_addr());
        let GetPriceRequest { article } = request.into_inner();
        let price = if article == "rare" {
            self.pass().await;
            7
        } else {
            price(&article)?
        };
        Ok(Response::new(GetPriceResponse { price }))
    }
}

pub async fn check(answer: Answer) -> Verdict {
    let gate = Arc::new(Gate::default());
    let stock = KillableServer::start(Routes::new(StockServiceServer::from_arc(
        Arc::clone(&gate),
    )));
    let stock_at = Endpoint::try_from(format!("http://{}", stock.address));
    let shop = ShopServiceClient::new((answer.0)(
        stock_at.expect("an address should make a URI"),
    ));
    let mut checks = Checks::default();
    for (article, count, expected) in [
        ("tea", 3, Ok(750)),
        ("tea", 0, Ok(0)),
        ("gold", u32::MAX, Ok(17_179_869_180_000_000)),
        ("moon", 1, Err("NOT_FOUND: no article moon")),
    ] {
        let response = get_total(shop.clone(), article, count);
        let expected = expected.map_err(str::to_string);
        checks
            .call(format!("GetTotal({article}, {count})"), response, expected)
            .await;
    }
    let calls = at_once(shop.clone(), gate);
    let call = format!("{AT_ONCE} times GetTotal(rare, 2) at once");
    checks.call(call, calls, Ok(observed(AT_ONCE, 1))).await;
    let after = get_total(shop, "tea", 1);
    checks.call("GetTotal(tea, 1)", after, Ok(250)).await;
    checks.verdict()
}

async fn get_total(
    mut shop: ShopServiceClient<Routes>,
    article: &str,
    count: u32,
) -> Outcome<u64> {
    let request = GetTotalRequest { article: article.into(), count };
    let response = outcome(shop.get_total(request).await);
    response.map(|GetTotalResponse { total }| total)
}

/// Makes the calls that the stock lets go on only together.
async fn at_once(shop: ShopServiceClient<Routes>, gate: Arc<Gate>) -> Outcome<String> {
    let mut calls = JoinSet::new();
    for _ in 0..AT_ONCE {
        calls.spawn(get_total(shop.clone(), "rare", 2));
    }
    let mut wrong = None;
    for total in calls.join_all().await {
        match total {
            Ok(14) => {}
            Ok(total) => wrong = Some(Ok(format!("a total of {total}"))),
            Err(status) => wrong = Some(Err(status)),
        }
    }
    wrong.unwrap_or_else(|| Ok(gate.observed()))
}
