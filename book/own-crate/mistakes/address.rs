//! The address is a name: only an IP address can be parsed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let addr: std::net::SocketAddr = "localhost:50051".parse()?;
    println!("{addr}");
    Ok(())
}
