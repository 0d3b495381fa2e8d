//! `relay order`: what became of one order.

mod life;
mod look;
mod places;

use crate::{deployed::Purpose, failure::Failure, flow::Flow, options::Options, place::Place};
use clap::Args;
use life::Life;
use look::Asked;

const EXAMPLES: &str = "\
Examples:
  relay order 00000107                    by the id that {destination} knows
  relay order 801RO000000AbcDYAS          by its {source} id
  relay order 00000107 --payload          with what was or would be sent: names and addresses of buyers

It asks the source, the ledger, the queues and the destination; if one does not answer, the others are shown, and the exit code \
is 3. To look at a message is to receive it: it is hidden for a few seconds, and given back. Messages that are being delivered \
or wait for their time cannot be seen: they are counted, and the exit code is 3 where the order's may be among them. A \
{source} id is found by the ledger even where the source has lost the order.

Exit code 1: nobody knows the order.";

/// What `relay order` takes.
#[derive(Debug, Args)]
#[command(after_help = Flow::Reviews.told(EXAMPLES))]
pub(crate) struct Arguments {
    #[command(flatten)]
    asked: Asked,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Life, Failure> {
    let place = Place::find(options, Purpose::Read).await?;
    look::look(&place, &arguments.asked).await
}
