//! What a command takes that decides what is to be done with dead letters.

use crate::{place::Place, when};
use clap::Args;
use delivery::letter::Rules;
use std::time::Duration;

/// What is to be done with a message depends on these.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Judging {
    /// Messages younger than this are left alone: whoever put them there may not have told the ledger yet
    #[arg(long, default_value = "15m", value_parser = when::duration, value_name = "TIME")]
    pub(crate) older_than: Duration,
    /// How often an order may be sent again in its life; one that failed so often is left [default: the settings' `repair_limit`]
    #[arg(long, value_name = "N")]
    pub(crate) limit_repairs: Option<u32>,
    /// How long messages are hidden from others while they are looked at; a command that is killed leaves them hidden so long
    #[arg(long, default_value = "5m", value_parser = when::hidden, value_name = "TIME")]
    pub(crate) hide_for: Duration,
}

impl Judging {
    pub(crate) fn rules(self, place: &Place) -> Rules {
        let limit = self.limit_repairs.unwrap_or(place.config.protocol.repair_limit);
        Rules { now: (place.now)().into(), older_than: self.older_than, limit }
    }
}
