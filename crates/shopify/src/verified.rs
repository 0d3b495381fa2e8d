use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::{Event, read};
use crate::{BadShape, Headers};

/// A request that Shopify has signed.  Made by [`Unverified::verify`](crate::Unverified::verify) alone; as JSON it travels through our
/// own queue, on which only functions of ours can put anything.  `Debug` hides the body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    headers: Headers,
    #[serde(with = "text")]
    body: Vec<u8>,
}

impl Verified {
    pub(crate) fn new(headers: Headers, body: Vec<u8>) -> Verified {
        Verified { headers, body }
    }

    /// What the headers say: unsigned.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The bytes that were signed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// What the body says; none for a topic that is not handled.  A body that is another topic's is refused, and one that names another
    /// shop: a request that was seen once can be sent again under any headers.
    pub fn event(&self) -> Result<Option<Event>, BadShape> {
        read(&self.headers.topic, &self.headers.shop, &self.body)
    }
}

/// JSON is UTF-8; what is not cannot be read and does not travel.
mod text {
    use serde::de::Deserializer;
    use serde::ser::{Error, Serializer};

    pub(super) fn serialize<S: Serializer>(body: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(body).map_err(S::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        serde::Deserialize::deserialize(deserializer).map(String::into_bytes)
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({:?}, {} bytes)", self.headers, self.body.len())
    }
}
