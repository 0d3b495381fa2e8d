use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serializer};
use serde_json::Value;

/// Null as absent: Shopify's samples have nulls where its pages have none.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(d: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

/// Null as `true`.
pub(crate) fn or_true<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or(true))
}

pub(crate) fn yes() -> bool {
    true
}

/// Text that is blank says as little as null, and webhooks and the Admin API differ in which of them they write.
pub(crate) fn text<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(d)?.filter(|text| !text.trim().is_empty()))
}

/// What a shop's scripts attach may be of any kind: text as it is, numbers and the rest as JSON writes them, null as empty.
pub(crate) fn as_text<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(d)? {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// RFC 3339.
pub(crate) fn time<'de, D: Deserializer<'de>>(d: D) -> Result<DateTime<Utc>, D::Error> {
    let text = Cow::<str>::deserialize(d)?;
    let time = DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc());
    time.map_err(|_| D::Error::invalid_value(Unexpected::Other("text"), &"a time, such as 2026-11-20T08:00:00-05:00"))
}

/// The same, or null.
pub(crate) fn optional_time<'de, D: Deserializer<'de>>(d: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    #[derive(Deserialize)]
    struct Wrapped(#[serde(deserialize_with = "time")] DateTime<Utc>);
    Ok(Option::<Wrapped>::deserialize(d)?.map(|Wrapped(time)| time))
}

/// Tags: `"a, b"` in webhooks, a list in the Admin API.  Sorted, since each has an order of its own.
pub(crate) mod tags {
    use std::collections::BTreeSet;

    use super::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Tags {
        Joined(String),
        Listed(Vec<String>),
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
        let tags = Option::<Tags>::deserialize(d)?;
        let tags: Vec<String> = match tags {
            None => Vec::new(),
            Some(Tags::Joined(tags)) => tags.split(',').map(str::to_owned).collect(),
            Some(Tags::Listed(tags)) => tags,
        };
        let tags = tags.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty());
        Ok(tags.collect::<BTreeSet<String>>().into_iter().collect())
    }

    pub(crate) fn serialize<S: Serializer>(tags: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&tags.join(", "))
    }
}
