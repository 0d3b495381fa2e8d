//! From a secret's text to its type, without a value in any error.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use crate::Error;

/// Values shorter than this are not looked for in messages: they would be found in every one.
const TELLING: usize = 4;

/// `text` as a `T`.
pub(crate) fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Error> {
    let name = name.to_owned();
    // The template's placeholder, or nothing at all.
    if matches!(text.split_whitespace().collect::<String>().as_str(), "" | "{}") {
        return Err(Error::Empty { name });
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| (error.path().to_string(), error.into_inner()))
        .and_then(|secret| json.end().map(|()| secret).map_err(|error| (".".to_owned(), error)));
    parsed.map_err(|(path, error)| Error::Malformed { name, path, expected: expected(&error, text) })
}

/// What would have been right. `serde_json`'s own messages quote the value that they found: only what follows is kept.
fn expected(error: &serde_json::Error, text: &str) -> String {
    if error.classify() != Category::Data {
        return format!("not JSON, line {}, column {}", error.line(), error.column());
    }
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    if ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "]
        .iter()
        .any(|m| message.starts_with(m))
    {
        // From the last one on, since what was found comes before it and may contain anything.
        let found = message.rfind(", expected ").map(|at| &message[at + 2..]);
        return found.unwrap_or("expected another value").to_owned();
    }
    // The type's own words: names of keys, or a message of a `TryFrom`, which might quote what it refused.
    let names_a_key = ["missing field ", "unknown field ", "duplicate field "].iter().any(|m| message.starts_with(m));
    if !names_a_key && quotes_a_value(message, text) { "expected another value".to_owned() } else { message.to_owned() }
}

fn quotes_a_value(message: &str, text: &str) -> bool {
    serde_json::from_str(text).map_or(true, |secret| any_value(&secret, &|value| message.contains(value)))
}

fn any_value(secret: &Value, is_quoted: &dyn Fn(&str) -> bool) -> bool {
    match secret {
        Value::Object(members) => members.values().any(|value| any_value(value, is_quoted)),
        Value::Array(values) => values.iter().any(|value| any_value(value, is_quoted)),
        Value::String(value) => value.len() >= TELLING && is_quoted(value),
        Value::Number(value) => Some(value.to_string()).is_some_and(|v| v.len() >= TELLING && is_quoted(&v)),
        Value::Bool(_) | Value::Null => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use secrecy::{ExposeSecret, SecretString};
    use serde::Deserialize;

    use super::*;

    const SECRET: &str = "s3cr3t, expected nothing";

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Yotpo {
        #[serde(default)]
        reviews_url: Option<Url>,
        stores: BTreeMap<String, Store>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Store {
        app_key: SecretString,
        #[serde(default)]
        pin: Option<u16>,
        #[serde(default)]
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Live,
    }

    /// Refuses everything, with or without quoting it.
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Url;

    impl TryFrom<String> for Url {
        type Error = String;

        fn try_from(url: String) -> Result<Self, String> {
            Err(if url.starts_with("http:") { "expected https".to_owned() } else { format!("{url} is no URL") })
        }
    }

    /// What a refused text is told: path and expectation, with the promise checked that no value is in it.
    #[track_caller]
    fn refusal(text: &str) -> (String, String) {
        let error = parse::<Yotpo>("order-relay/yotpo", text).unwrap_err();
        for said in [error.to_string(), format!("{error:?}")] {
            assert!(!said.contains("s3cr3t") && !said.contains("7654321"), "{said}");
            assert!(!said.contains("at line"), "{said}");
        }
        assert!(error.to_string().contains("put-secret-value --secret-id order-relay/yotpo "), "{error}");
        match error {
            Error::Malformed { path, expected, .. } => (path, expected),
            other => panic!("{other}"),
        }
    }

    #[track_caller]
    fn refused(text: &str, path: &str, expected: &str) {
        assert_eq!(refusal(text), (path.to_owned(), expected.to_owned()));
    }

    #[test]
    fn a_good_secret_is_read() {
        let yotpo: Yotpo = parse("n", &format!(r#"{{"stores":{{"default":{{"app_key":"{SECRET}"}}}}}}"#)).unwrap();
        assert_eq!(yotpo.stores["default"].app_key.expose_secret(), SECRET);
        assert!(
            yotpo.reviews_url.is_none()
                && yotpo.stores["default"].pin.is_none()
                && yotpo.stores["default"].kind.is_none()
        );
    }

    #[test]
    fn a_secret_that_was_never_filled_is_empty() {
        for text in ["", " \n", "{}", " { } \n"] {
            let error = parse::<Yotpo>("n", text).unwrap_err();
            assert!(matches!(error, Error::Empty { .. }), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_is_not_json_is_told_where() {
        refused("s3cr3t", ".", "not JSON, line 1, column 1");
        refused("{\"stores\":\n{\"default\": s3cr3t", "stores.default", "not JSON, line 2, column 13");
        let (_, expected) = refusal(r#"{"stores":{}} s3cr3t"#);
        assert_eq!(expected, "not JSON, line 1, column 15");
        let (_, expected) = refusal(r#"{"stores":{"default":{"app_key":"s3cr3t"#);
        assert!(expected.starts_with("not JSON, line 1"), "{expected}");
    }

    #[test]
    fn missing_and_unknown_keys_are_named() {
        refused(r#"{"stores":{"default":{}}}"#, "stores.default", "missing field `app_key`");
        let (path, expected) = refusal(r#"{"stores":{"default":{"app_key":"s3cr3t","colour":"s3cr3t"}}}"#);
        assert_eq!(path, "stores.default.colour");
        assert_eq!(expected, "unknown field `colour`, expected one of `app_key`, `pin`, `kind`");
    }

    #[test]
    fn a_wrong_value_is_named_by_its_path_and_never_shown() {
        refused(r#"{"stores":{"default":{"app_key":7654321}}}"#, "stores.default.app_key", "expected a string");
        let quoted = format!(r#"{{"stores":{{"default":{{"app_key":"k","pin":"{SECRET}"}}}}}}"#);
        refused(&quoted, "stores.default.pin", "expected u16");
        refused(r#"{"stores":{"default":{"app_key":"k","pin":7654321}}}"#, "stores.default.pin", "expected u16");
        refused(r#"{"stores":"s3cr3t"}"#, "stores", "expected a map");
        let variant = r#"{"stores":{"default":{"app_key":"k","kind":"s3cr3t"}}}"#;
        refused(variant, "stores.default.kind", "expected `live`");
        refused(r#""s3cr3t""#, ".", "expected struct Yotpo");
    }

    #[test]
    fn a_types_own_message_is_kept_unless_it_quotes_a_value() {
        refused(r#"{"reviews_url":"http://s3cr3t"}"#, "reviews_url", "expected https");
        refused(r#"{"reviews_url":"s3cr3t"}"#, "reviews_url", "expected another value");
    }
}
