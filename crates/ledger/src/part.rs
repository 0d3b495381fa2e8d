//! What a flow keeps between two invocations because it takes longer than one: bytes of its own, in as many items as they need.

use crate::{
    expression::number,
    table::{Error, Ledger},
};
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use std::time::Duration;

/// Bytes of one part: an item holds 400 KB.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub const LARGEST: usize = 350_000;
/// How long a part lives.
const LIFE: Duration = Duration::from_hours(7 * 24);

/// Parts as they were found, in order; `None` where one is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts(pub Vec<Option<Vec<u8>>>);

impl Ledger {
    /// Keeps a part, in place of any that has its name and number.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn keep_part(&self, name: &str, n: usize, bytes: &[u8]) -> Result<(), Error> {
        self.write(
            &part_key(self.flow.name, name, n),
            "",
            "SET #b = :b, expires_at = :e",
            &[("#b", "bytes")],
            [(":b", AttributeValue::B(Blob::new(bytes))), (":e", number(self.millis().plus(LIFE).0 / 1000))],
        )
        .await
        .map(drop)
    }

    /// The first `n` parts of this name.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn parts(&self, name: &str, n: usize) -> Result<Parts, Error> {
        let mut parts = Vec::with_capacity(n);
        for n in 0..n {
            let item = self.item(&part_key(self.flow.name, name, n)).await?;
            let bytes = item.and_then(|mut item| match item.remove("bytes") {
                Some(AttributeValue::B(bytes)) => Some(bytes.into_inner()),
                _ => None,
            });
            parts.push(bytes);
        }
        Ok(Parts(parts))
    }
}

fn part_key(flow: &str, name: &str, n: usize) -> String {
    format!("part/{flow}/{name}/{n}")
}
