//! What names a delivery: its key, its revision, the hash of its effect, and the token of a claim.

use crate::millis::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// Names one thing to make happen at a destination, for ever: `reviews/801RO000000AbcDYAS`.
///
/// Made of the source record, never of the message, computed once where the message is made, and carried
/// in it. Lower-case flow name, then path segments of printable ASCII without spaces, at most 512 bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryKey(String);

/// A text that is not a delivery key.
#[derive(Debug, thiserror::Error)]
#[error("a delivery key is `flow/segment[/segment…]` in printable ASCII of at most 512 bytes, got {0} bytes")]
pub struct InvalidKey(usize);

impl DeliveryKey {
    /// The flow's name: the part before the first slash.
    pub fn flow(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// Whose it is within the flow, a store or a shop: the second segment of four or more. `None` as for [`kind`](Self::kind).
    pub fn scope(&self) -> Option<&str> {
        self.kind().and_then(|_| self.0.split('/').nth(1))
    }

    /// What kind of thing is delivered (`order`, `customer`, `refund`): the third of four segments or more, `flow/scope/kind/id…`.
    /// `None` where a flow has one kind, and its keys are `flow/id`.
    pub fn kind(&self) -> Option<&str> {
        self.kind_and_id().map(|(kind, _)| kind)
    }

    /// The source record's id: all after the flow, or after the kind where there is one. It may have segments of its own.
    pub fn id(&self) -> &str {
        let whole = || self.0.split_once('/').map_or("", |(_, id)| id);
        self.kind_and_id().map_or_else(whole, |(_, id)| id)
    }

    fn kind_and_id(&self) -> Option<(&str, &str)> {
        let mut segments = self.0.splitn(4, '/').skip(2);
        Some((segments.next()?, segments.next()?))
    }

    /// The key as it stands in the table and in logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DeliveryKey {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        let mut segments = text.split('/');
        let flow = segments.next().unwrap_or_default();
        let valid = text.len() <= 512
            && !flow.is_empty()
            && flow.bytes().all(|b| b.is_ascii_lowercase())
            && text.contains('/')
            && segments.all(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_graphic()));
        if valid { Ok(Self(text)) } else { Err(InvalidKey(text.len())) }
    }
}

impl From<DeliveryKey> for String {
    fn from(key: DeliveryKey) -> Self {
        key.0
    }
}

impl fmt::Display for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The source's own version of a record as an integer that grows (Salesforce: `SystemModstamp` in
/// milliseconds since the epoch).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub i64);

/// A hash of the effect a message asks for: the first 16 bytes of SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectHash(String);

impl EffectHash {
    /// Hashes the bytes of the effect, serialised in a stable order.
    pub fn of(effect: &[u8]) -> Self {
        let digest = Sha256::digest(effect);
        let mut hex = String::with_capacity(32);
        for byte in &digest[..16] {
            use fmt::Write as _;
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex)
    }

    /// A hash as it was stored.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The 16 bytes as a number: a quarter of the memory, where many are kept. `None` if it was stored as something else.
    pub fn to_bits(&self) -> Option<u128> {
        u128::from_str_radix(&self.0, 16).ok().filter(|_| self.0.len() == 32)
    }

    /// The hash of these bits.
    pub fn from_bits(bits: u128) -> Self {
        Self(format!("{bits:032x}"))
    }

    /// 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A fencing token: one per claim, never used twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// A token nobody else has (a version 4 UUID).
    pub fn unique() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// A token with a given text: for the model and for tests, where randomness is an argument.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The token as it stands in the table.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a message says about itself; it travels with the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The delivery's name.
    pub key: DeliveryKey,
    /// Which version of the source record the payload was made of.
    pub revision: Revision,
    /// Hash of the effect that the payload asks for.
    pub hash: EffectHash,
    /// The store it belongs to, as the configuration names it.
    pub store: String,
    /// The business day it counts for (`YYYY-MM-DD`), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// When the vendor says that this version was triggered, where it does: orders two effects of one
    /// revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triggered_at: Option<Millis>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_parsed_at_the_edge() {
        for good in ["reviews/801RO000000AbcDYAS", "erp/acme.myshopify.com/order/1", "loyalty/s/refund/a/b"] {
            assert!(DeliveryKey::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "reviews", "reviews/", "/x", "Reviews/x", "reviews//x", "reviews/a b", "reviews/é"] {
            assert!(DeliveryKey::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_says_what_kind_of_thing_it_names_and_which() {
        let of = |key: &str| {
            let key = DeliveryKey::try_from(key.to_owned()).unwrap();
            (key.flow().to_owned(), key.kind().map(str::to_owned), key.id().to_owned())
        };
        assert_eq!(of("reviews/801"), ("reviews".into(), None, "801".into()));
        let order = ("erp".into(), Some("order".into()), "1".into());
        assert_eq!(of("erp/acme.myshopify.com/order/1"), order);
        let refund = ("loyalty".into(), Some("refund".into()), "801/0a7".into());
        assert_eq!(of("loyalty/default/refund/801/0a7"), refund);
    }

    proptest! {
        #[test]
        fn a_key_survives_the_message(segment in "[0-9A-Za-z._-]{1,40}") {
            let key = DeliveryKey::try_from(format!("reviews/{segment}")).unwrap();
            let text = serde_json::to_string(&key).unwrap();
            prop_assert_eq!(serde_json::from_str::<DeliveryKey>(&text).unwrap(), key);
        }

        #[test]
        fn a_hash_survives_as_a_number(effect: Vec<u8>) {
            let hash = EffectHash::of(&effect);
            prop_assert_eq!(hash.to_bits().map(EffectHash::from_bits), Some(hash));
        }

        #[test]
        fn different_effects_have_different_hashes(a: Vec<u8>, b: Vec<u8>) {
            prop_assert_eq!(EffectHash::of(&a) == EffectHash::of(&b), a == b);
        }
    }
}
