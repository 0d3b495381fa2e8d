//! SuiteQL by REST: <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html>.

use rest::{Method, Request};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use crate::{
    Error, Outage,
    client::{Client, Service},
};

/// Rows a page, the most that NetSuite gives.
const PAGE: usize = 1000;

/// Text that cannot stand in a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a control character cannot stand in a query")]
pub struct ControlCharacter;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    items: Vec<T>,
    has_more: bool,
}

/// A literal with its quotes: `O'Neil` becomes `'O''Neil'`. Nothing in the text can end the literal.
pub fn literal(text: &str) -> Result<String, ControlCharacter> {
    if text.chars().any(char::is_control) {
        return Err(ControlCharacter);
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

impl Client {
    /// All rows of a query, column names in lower case, a column that is null left out. At most 100,000, and all of them kept; a
    /// query that may have more than a page of 1,000 has to say its order, since each page is a query of its own.
    pub async fn suiteql<T: DeserializeOwned>(&self, query: &str) -> Result<Vec<T>, Error> {
        let mut rows = Vec::new();
        loop {
            let mut url = self.credentials.suitetalk.join(&["services", "rest", "query", "v1", "suiteql"]);
            let (limit, offset) = (PAGE.to_string(), rows.len().to_string());
            url.query_pairs_mut().append_pair("limit", &limit).append_pair("offset", &offset);
            let mut request = Request::json(Method::Post, url, &json!({ "q": query }))?;
            request.headers.push(("Prefer", "transient"));
            let reply = self.send(Service::WebService, request).await.map_err(Error::of_a_read)?;
            let Page { items, has_more } = reply.json().map_err(|error| Error::from(error).of_a_read())?;
            let got = items.len();
            rows.extend(items);
            match (has_more, got) {
                (false, _) => return Ok(rows),
                // The next offset would be no multiple of the limit.
                (true, PAGE) => {}
                (true, _) => {
                    return Err(
                        Error::from(Outage::Undocumented("a page that is not full, and not the last")).of_a_read()
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_are_doubled_and_nothing_else_changed() {
        assert_eq!(literal("O'Neil").unwrap(), "'O''Neil'");
        assert_eq!(literal(r"x\' OR 1=1 --").unwrap(), r"'x\'' OR 1=1 --'");
        assert_eq!(literal("").unwrap(), "''");
        for bad in ["a\nb", "\0", "a\u{7f}", "\u{85}"] {
            assert_eq!(literal(bad), Err(ControlCharacter));
        }
    }

    /// Reads a literal as SQL does: up to the first quote that is not doubled. What it says, and what stands behind it.
    fn read(sql: &str) -> Option<(String, &str)> {
        let mut rest = sql.strip_prefix('\'')?;
        let mut text = String::new();
        loop {
            let at = rest.find('\'')?;
            text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            match rest.strip_prefix('\'') {
                Some(more) => {
                    text.push('\'');
                    rest = more;
                }
                None => return Some((text, rest)),
            }
        }
    }

    proptest! {
        #[test]
        fn a_text_stays_one_literal(text in r#"(['"\\;-]|\PC){0,40}"#) {
            let sql = format!("{} AND x = 1", literal(&text).unwrap());
            prop_assert_eq!(read(&sql), Some((text, " AND x = 1")));
        }

        #[test]
        fn control_characters_are_refused(before in "\\PC{0,9}", control in "[\\x00-\\x1f\\x7f-\\u{9f}]", after in "\\PC{0,9}") {
            prop_assert_eq!(literal(&format!("{before}{control}{after}")), Err(ControlCharacter));
        }
    }
}
