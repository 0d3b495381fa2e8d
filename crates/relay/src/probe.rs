//! `relay probe`: what a vendor's documentation leaves open and the configuration assumes, tried out in an account.

mod account;
mod finding;
mod findings;
mod netsuite;
mod post;
mod yotpo;

use crate::{answer::Answer, failure::Failure, options::Options};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::io::{self, Write};

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
    /// NetSuite: external ids that exist, addresses and shipped lines that change, how many calls it bears at a time
    Netsuite(netsuite::Arguments),
}

/// What was found out, or would be tried.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Probed {
    Yotpo(yotpo::Probed),
    Netsuite(netsuite::Probed),
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Probed, Failure> {
    match arguments.vendor {
        Vendor::Yotpo(arguments) => yotpo::run(options, arguments).await.map(Probed::Yotpo),
        // Boxed: it is large.
        Vendor::Netsuite(arguments) => Box::pin(netsuite::run(options, arguments)).await.map(Probed::Netsuite),
    }
}

impl Answer for Probed {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Yotpo(probed) => probed.print(to),
            Self::Netsuite(probed) => probed.print(to),
        }
    }

    fn is_well(&self) -> bool {
        match self {
            Self::Yotpo(probed) => probed.is_well(),
            Self::Netsuite(probed) => probed.is_well(),
        }
    }

    fn is_whole(&self) -> bool {
        match self {
            Self::Yotpo(probed) => probed.is_whole(),
            Self::Netsuite(probed) => probed.is_whole(),
        }
    }
}
