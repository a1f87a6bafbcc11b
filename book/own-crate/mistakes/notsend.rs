use std::rc::Rc;
#[tokio::main]
async fn main() {
    let shared = Rc::new(1);
    let _ = tokio::spawn(async move { println!("{shared}") }).await;
}
