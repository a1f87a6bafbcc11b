//! A mistake: a spawned block borrows a local variable.
//!
//! says: async block may outlive the current function

#[tokio::main]
async fn main() {
    let name = String::from("you");
    tokio::spawn(async { println!("{name}") });
}
