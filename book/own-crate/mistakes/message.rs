use my_greeter::proto::SayHelloRequest;
use tonic::Request;
fn main() {
    let _ = SayHelloRequest { name: "you" };
    let _ = SayHelloRequest { name: "you".to_string(), age: 1 };
    let r = Request::new(SayHelloRequest { name: "you".to_string() });
    println!("{}", r.name);
}
