//! `relay probe`: what a vendor's documentation leaves open and the configuration assumes, tried out in an account.

mod account;
mod findings;
mod post;
mod yotpo;

use crate::{failure::Failure, options::Options};
use clap::{Args, Subcommand};

pub(crate) use yotpo::Probed;

/// What `relay probe` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    vendor: Vendor,
}

#[derive(Debug, Subcommand)]
enum Vendor {
    /// Yotpo Reviews: when purchases are shown, what a repeated order id does, what `since_date` means
    Yotpo(yotpo::Arguments),
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Probed, Failure> {
    let Vendor::Yotpo(arguments) = arguments.vendor;
    yotpo::run(options, arguments).await
}
