//! `lesson-11-server`: serves calls with nothing to compute on 127.0.0.1:50061.

use grpc_workbook::{cli, speed::own::serve};

#[tokio::main]
async fn main() -> Result<(), cli::Failure> {
    serve().await
}
