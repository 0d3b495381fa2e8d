use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// A body that has not the shape of what it should be.  It names place and kind, and never what stands there: that may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: found {found}, expected {expected}")]
pub struct BadShape {
    /// The field, as in `line_items[3].price_set`; `.` is the whole body.
    pub path: String,
    /// `nothing`, `null`, `text`, `a number`, …
    pub found: &'static str,
    /// What would have been right.
    pub expected: String,
}

/// Reads a body.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadShape> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let whole = serde_json::from_slice::<Value>(body).ok().filter(|_| error.inner().is_data());
        whole.map_or_else(not_json, |whole| bad_shape(&error, &whole))
    })?;
    json.end().map_err(|_| not_json())?;
    Ok(read)
}

/// The same of JSON that was read already.
pub(crate) fn of_value<T: DeserializeOwned>(value: &Value) -> Result<T, BadShape> {
    serde_path_to_error::deserialize(value).map_err(|error| bad_shape(&error, value))
}

impl BadShape {
    /// A fault that the types do not see.
    pub(crate) fn new(path: &str, found: &'static str, expected: impl Into<String>) -> BadShape {
        BadShape { path: path.to_owned(), found, expected: expected.into() }
    }
}

fn not_json() -> BadShape {
    BadShape::new(".", "no JSON", "a JSON object")
}

fn bad_shape(error: &serde_path_to_error::Error<serde_json::Error>, whole: &Value) -> BadShape {
    let message = error.inner().to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let place = error.path();
    if let Some(field) = message.strip_prefix("missing field `") {
        let field = field.trim_end_matches('`');
        let path = if place.iter().len() == 0 { field.to_owned() } else { format!("{place}.{field}") };
        return BadShape { path, found: "nothing", expected: "a value".to_owned() };
    }
    // serde quotes the value first and says last what was expected: the words behind the last comma are ours.
    let expected = message.rsplit_once(", expected ").map_or("another form", |(_, expected)| expected);
    BadShape { path: place.to_string(), found: found(whole, place), expected: expected.to_owned() }
}

fn found(whole: &Value, place: &Path) -> &'static str {
    let at = place.iter().try_fold(whole, |value, segment| match segment {
        Segment::Seq { index } => value.get(index),
        Segment::Map { key } => value.get(key),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    match at {
        None => "another form",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "true or false",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "text",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    }
}
