//! How many calls are worked on, and whether their clients still wait for them.
//! <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_1500275603.html>

use serde::Serialize;

use crate::call::Client;

/// Calls at one time, token requests left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Concurrency {
    /// Worked on now.
    pub running: usize,
    /// Of these, those whose clients have given up.
    pub orphans: usize,
    /// The most whose clients were waiting for them.
    pub peak_known: usize,
    /// The most, with those whose clients had given up.
    pub peak: usize,
    /// Refused for being too many.
    pub refused: u64,
}

#[derive(Default)]
pub(crate) struct Load {
    running: Vec<Client>,
    peak_known: usize,
    peak: usize,
    refused: u64,
}

impl Load {
    /// Whether there is room for another call; one that its client has given up was let in long ago.
    pub(crate) fn admit(&mut self, client: &Client, limit: usize) -> bool {
        if self.running.len() >= limit && client.waits() {
            self.refused += 1;
            return false;
        }
        self.running.push(client.clone());
        self.peak = self.peak.max(self.running.len());
        let known = self.running.iter().filter(|client| client.waits()).count();
        self.peak_known = self.peak_known.max(known);
        true
    }

    pub(crate) fn finish(&mut self, client: &Client) {
        self.running.retain(|running| !running.is(client));
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    pub(crate) fn figures(&self) -> Concurrency {
        let orphans = self.running.iter().filter(|client| !client.waits()).count();
        let Self { running, peak_known, peak, refused } = self;
        Concurrency { running: running.len(), orphans, peak_known: *peak_known, peak: *peak, refused: *refused }
    }
}
