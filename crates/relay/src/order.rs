//! `relay order`: what became of one order.

mod look;
mod places;

use crate::{
    answer::Answer,
    cli::Options,
    deployed::Purpose,
    failure::Failure,
    place::Place,
    text::{DIM, WARN, table},
};
use clap::Args;
use places::{AtLedger, Copy, Destination, Source};
use reviews::named::Named;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

const EXAMPLES: &str = "\
Examples:
  relay order 00000107                    by the id that Yotpo knows
  relay order 801RO000000AbcDYAS          by its Salesforce id
  relay order 00000107 --payload          with what was or would be sent: names and addresses of buyers

It asks the source, the ledger, the queues and the destination; if one does not answer, the others are shown, and the exit code \
is 3. To look at a message is to receive it: it is hidden for a few seconds, and given back. Messages that are being delivered \
or wait for their time cannot be seen: they are counted, and the exit code is 3 where the order's may be among them. A Salesforce id is found by the ledger even where the source has lost the order.

Exit code 1: nobody knows the order.";

/// What `relay order` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Salesforce id of 15 or 18 characters, or the order id that Yotpo gets
    order: Named,
    /// Show what was or would be sent, and the messages: names and addresses of buyers
    #[arg(long)]
    payload: bool,
    /// Messages of the queue to look at, at the most; the dead-letter queue is looked at whole
    #[arg(long, default_value_t = 500, value_name = "N")]
    messages: usize,
    /// Pages of Yotpo's purchases to read, of 200 rows each, from the day before the order's
    #[arg(long, default_value_t = 25, value_name = "N")]
    pages: u32,
}

/// What each place says of the order.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Life {
    order: String,
    source: Option<Source>,
    ledger: Option<AtLedger>,
    /// Its messages, in both queues.
    messages: Vec<Copy>,
    /// What the absence of messages, or of a place, means.
    notes: Vec<String>,
    destination: Option<Destination>,
    /// It is not delivered, none of its messages was seen, and not every message could be looked at.
    may_be_unseen: bool,
    /// The places that did not answer, and why.
    failed: BTreeMap<&'static str, String>,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Life, Failure> {
    let place = Place::find(options, Purpose::Read).await?;
    look::look(&place, &arguments).await
}

impl Life {
    fn is_known(&self) -> bool {
        let shown = self.destination.as_ref().is_some_and(|destination| destination.found);
        self.source.is_some() || self.ledger.is_some() || !self.messages.is_empty() || shown
    }
}

impl Answer for Life {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut lines = table([self.order.as_str(), "", ""]);
        let mut add = |place: &str, rows: Vec<(&str, String)>| {
            for (index, (what, value)) in rows.into_iter().enumerate() {
                lines.add_row([if index == 0 { place } else { "" }, what, &value]);
            }
        };
        let unknown = |place: &str| match self.failed.get(place) {
            Some(why) => vec![("not known", why.clone())],
            None => vec![("", "does not know it".to_owned())],
        };
        add("source", self.source.as_ref().map_or_else(|| unknown("source"), Source::rows));
        add("ledger", self.ledger.as_ref().map_or_else(|| unknown("ledger"), AtLedger::rows));
        for copy in &self.messages {
            add(copy.queue(), copy.rows());
        }
        for queue in places::QUEUES {
            if self.failed.contains_key(queue) {
                add(queue, unknown(queue));
            }
        }
        add(
            "destination",
            match &self.destination {
                Some(destination) => destination.rows(),
                None if self.failed.contains_key("destination") => unknown("destination"),
                None => vec![("", "was not asked".to_owned())],
            },
        );
        writeln!(to, "{lines}")?;
        for note in &self.notes {
            writeln!(to, "{note}")?;
        }
        if !self.is_known() && self.failed.is_empty() {
            writeln!(to, "{WARN}nobody knows the order {}{WARN:#}", self.order)?;
        }
        let payload = self.source.as_ref().and_then(|source| source.payload.as_ref());
        for (what, payload) in payload
            .map(|payload| ("what Yotpo would get of it now, without the token", payload))
            .into_iter()
            .chain(self.messages.iter().filter_map(|copy| Some((copy.queue(), copy.payload.as_ref()?))))
        {
            writeln!(to, "{DIM}{what}:{DIM:#}\n{}", serde_json::to_string_pretty(payload)?)?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        self.is_known()
    }

    fn is_whole(&self) -> bool {
        self.failed.is_empty() && !self.may_be_unseen
    }
}
