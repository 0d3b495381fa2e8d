//! What we write into a record at NetSuite to know it again.

use ledger::{EffectHash, Revision};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// The custom body field that has the [`Stamp`].
pub const STAMP_FIELD: &str = "custbody_order_relay";
/// The custom line field that has the [`OrderLine::key`](super::OrderLine::key).
pub const LINE_FIELD: &str = "custcol_order_relay_line";

/// What NetSuite knows a record by that we made: `shopify_order_{id}`, and likewise of a `customer`, a `guest` (by the order's id) and a
/// `refund`.
pub fn external_id(kind: &str, id: impl fmt::Display) -> String {
    format!("shopify_{kind}_{id}")
}

/// The value of `custbody_order_relay`: `r=<revision>;e=<effect hash>;l=<lines hash>`. Read back, it says whether a call took effect,
/// which version is there, and whether somebody has edited the lines since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The version of the source that was written.
    pub revision: Revision,
    /// What was written.
    pub effect: EffectHash,
    /// The lines as NetSuite had them then.
    pub lines: EffectHash,
}

/// Text that is no stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `r=<revision>;e=<32 hex digits>;l=<32 hex digits>`")]
pub struct NotAStamp;

/// Digits of each part of an effect's hash.
const PART: usize = 16;

/// A hash of two parts, so that a change of the header leaves that of the lines as it was.
pub(super) fn two_parts(header: &Value, lines: &Value) -> EffectHash {
    let part = |value: &Value| EffectHash::of(value.to_string().as_bytes()).as_str()[..PART].to_owned();
    EffectHash::stored(part(header) + &part(lines))
}

/// The second part: that of the lines.
pub(super) fn lines_part(hash: &EffectHash) -> &str {
    hash.as_str().get(PART..).unwrap_or_default()
}

/// The header's part of one hash and the lines' part of another; none is written as zeros.
pub(super) fn mixed(header: &EffectHash, lines: Option<&EffectHash>) -> EffectHash {
    let lines = lines.map_or("0000000000000000", lines_part);
    EffectHash::stored(format!("{}{lines}", header.as_str().get(..PART).unwrap_or_default()))
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r={};e={};l={}", self.revision.0, self.effect.as_str(), self.lines.as_str())
    }
}

impl FromStr for Stamp {
    type Err = NotAStamp;

    fn from_str(text: &str) -> Result<Self, NotAStamp> {
        let mut parts = text.trim().split(';');
        let mut part = |name: &str| parts.next().and_then(|part| part.strip_prefix(name)).ok_or(NotAStamp);
        let revision = part("r=")?.parse().map(Revision).map_err(|_| NotAStamp)?;
        let hash = |text: &str| {
            let hex = text.len() == 2 * PART && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            hex.then(|| EffectHash::stored(text)).ok_or(NotAStamp)
        };
        let stamp = Self { revision, effect: hash(part("e=")?)?, lines: hash(part("l=")?)? };
        if parts.next().is_none() { Ok(stamp) } else { Err(NotAStamp) }
    }
}
