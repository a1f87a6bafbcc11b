//! `lesson-3-client`: two clients in one program, built from two versions of a `.proto`. They
//! work on the same product.

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::fields::{folded, proto, proto_broken, proto_v2};
use tonic::transport::Channel;

/// Built from version 1.
type OldClient = proto::product_service_client::ProductServiceClient<Channel>;
/// Built from version 2.
type NewClient = proto_v2::product_service_client::ProductServiceClient<Channel>;
/// Built from version 1 after changes that break it.
type BrokenClient = proto_broken::product_service_client::ProductServiceClient<Channel>;

#[derive(clap::Args)]
struct Args {}

/// `--break`: changes after which programs misread each other. They show with a server of
/// version 1, `lesson-3-server --old`.
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
    let cli::ClientArgs { server, fault, args: Args {} } = cli::parse_client(3);
    // One connection for all: what makes a client old or new is its code, not its channel.
    let channel = cli::connect(&server).await?;
    let mut old = OldClient::new(channel.clone());
    match fault {
        None => old_and_new(&mut old, &mut NewClient::new(channel)).await,
        Some(fault) => play_fault(&mut old, &mut BrokenClient::new(channel), fault).await,
    }
}

/// Each client saves the product once and finds it once, the old one after the new one.
async fn old_and_new(old: &mut OldClient, new: &mut NewClient) -> Result<(), Failure> {
    // ANCHOR: product
    let product = proto_v2::Product {
        name: "Teapot".into(),
        price: 1900,
        size: Some(proto_v2::product::Size { width: 25, height: 14 }),
        ratings: vec![5, 4],
        discount: Some(0),
        labels: vec!["blue".into()],
    };
    // ANCHOR_END: product
    println!("new client saves\n{}", folded(&product));
    let request = proto_v2::SaveProductRequest { product: Some(product) };
    let kept = new.save_product(request).await?.into_inner().product;
    println!("is told\n{}", folded(&kept.unwrap_or_default()));

    let response = old.get_product(proto::GetProductRequest {}).await?;
    let mut product = response.into_inner().product.unwrap_or_default();
    println!("old client finds\n{}", folded(&product));
    product.price = 1500;
    product.supplier = "Acme".into();
    println!("old client saves\n{}", folded(&product));
    let request = proto::SaveProductRequest { product: Some(product) };
    let kept = old.save_product(request).await?.into_inner().product;
    println!("is told\n{}", folded(&kept.unwrap_or_default()));

    let response = new.get_product(proto_v2::GetProductRequest {}).await?;
    let product = response.into_inner().product.unwrap_or_default();
    println!("new client finds\n{}", folded(&product));
    Ok(())
}

/// The broken client saves a product, and is told what was kept. Then the old client gets it.
async fn play_fault(
    old: &mut OldClient,
    broken: &mut BrokenClient,
    fault: Fault,
) -> Result<(), Failure> {
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
    println!("broken client saves\n{}", folded(&product));
    let request = proto_broken::SaveProductRequest { product: Some(product) };
    let kept = broken.save_product(request).await?.into_inner().product;
    println!("is told\n{}", folded(&kept.unwrap_or_default()));

    let response = old.get_product(proto::GetProductRequest {}).await?;
    let product = response.into_inner().product.unwrap_or_default();
    println!("old client finds\n{}", folded(&product));
    Ok(())
}
