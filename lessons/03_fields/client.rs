//! `lesson-3-client`: two clients in one program, built from two versions of a file.
//! They work on the same product.

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::fields::{proto, proto_broken, proto_v2};
use tonic::transport::Channel;

type OldClient = proto::product_service_client::ProductServiceClient<Channel>;
type NewClient = proto_v2::product_service_client::ProductServiceClient<Channel>;
type BrokenClient = proto_broken::product_service_client::ProductServiceClient<Channel>;

#[derive(clap::Args)]
struct Args {}

/// `--break`: changes that a `.proto` does not survive. The server should be an old one.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// the number of a deleted field is given to another one
    Reused,
    /// int32 is made sint32
    Sint32,
    /// int32 is made int64
    Int64,
    /// int32 is made string
    String,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::Client { server, fault, args: Args {} } = cli::client(3);
    let channel = cli::connect(&server).await?;
    match fault {
        None => old_and_new(channel).await,
        Some(fault) => broken(channel, fault).await,
    }
}

// ANCHOR: script
async fn old_and_new(channel: Channel) -> Result<(), Failure> {
    let mut new = NewClient::new(channel.clone());
    let mut old = OldClient::new(channel);

    let product = proto_v2::Product {
        name: "Teapot".into(),
        price: 1900,
        size: Some(proto_v2::product::Size { width: 25, height: 14 }),
        ratings: vec![5, 4],
        discount: Some(0),
        labels: vec!["blue".into()],
    };
    println!("new client saves {product:?}");
    let request = proto_v2::SaveProductRequest { product: Some(product) };
    let kept = new.save_product(request).await?.into_inner().product;
    println!("        is told  {:?}", kept.unwrap_or_default());

    let response = old.get_product(proto::GetProductRequest {}).await?;
    let mut product = response.into_inner().product.unwrap_or_default();
    println!("old client finds {product:?}");
    product.price = 1500;
    product.supplier = "Acme".into();
    println!("old client saves {product:?}");
    let request = proto::SaveProductRequest { product: Some(product) };
    let kept = old.save_product(request).await?.into_inner().product;
    println!("        is told  {:?}", kept.unwrap_or_default());

    let response = new.get_product(proto_v2::GetProductRequest {}).await?;
    let product = response.into_inner().product.unwrap_or_default();
    println!("new client finds {product:?}");
    Ok(())
}
// ANCHOR_END: script

/// A client built from the broken version saves, and is told what was kept; then one
/// built from version 1 gets it.
async fn broken(channel: Channel, fault: Fault) -> Result<(), Failure> {
    let mut product =
        proto_broken::Product { name: "Teapot".into(), ..Default::default() };
    match fault {
        Fault::Reused => product.origin = "Japan".into(),
        Fault::Int64 => product.price = 5_000_000_000,
        Fault::Sint32 => product.ratings = vec![5, 4, -1],
        Fault::String => {
            let width = "25 cm".into();
            product.size = Some(proto_broken::product::Size { width, height: 14 });
        }
    }
    println!("broken client saves {product:?}");
    let request = proto_broken::SaveProductRequest { product: Some(product) };
    let mut broken = BrokenClient::new(channel.clone());
    let kept = broken.save_product(request).await?.into_inner().product;
    println!("          is told   {:?}", kept.unwrap_or_default());

    let mut old = OldClient::new(channel);
    let response = old.get_product(proto::GetProductRequest {}).await?;
    let product = response.into_inner().product.unwrap_or_default();
    println!("   old client finds {product:?}");
    Ok(())
}
