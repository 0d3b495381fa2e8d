//! Calls that are made at the same time, to see how many an account bears.

use super::found::Burst;
use futures_util::future::{join, join_all};
use netsuite::{Client, Error};
use serde_json::Value;

/// Reads, and changes nothing.
const READING: &str = "SELECT id, symbol FROM currency";

/// So many readings at once, and so many calls for a token beside them by `other`, which shares nothing with `client`.
pub(super) async fn burst(client: &Client, readings: usize, other: &Client, tokens: usize) -> Burst {
    // The readings have their token before: else they would wait for it one after the other.
    let warmed = client.suiteql::<Value>(READING).await;
    let reading = || async { client.suiteql::<Value>(READING).await.map(drop) };
    let token = || async { other.log_in().await };
    let (read, minted) = join(join_all((0..readings).map(|_| reading())), join_all((0..tokens).map(|_| token()))).await;
    let mut burst = Burst { asked: readings, ..Burst::default() };
    for result in read.into_iter().chain(warmed.is_err().then(|| warmed.map(drop))) {
        burst.add(result, true);
    }
    for result in minted {
        burst.add(result, false);
    }
    burst
}

impl Burst {
    fn add(&mut self, result: Result<(), Error>, reading: bool) {
        match result {
            Ok(()) => self.answered += usize::from(reading),
            Err(Error::RateLimited { retry_after }) => {
                self.limited += 1;
                self.retry_after = self.retry_after.max(retry_after);
            }
            Err(Error::Unauthorized { .. }) => self.logins += 1,
            Err(error) => self.otherwise.push(error.to_string()),
        }
    }
}
