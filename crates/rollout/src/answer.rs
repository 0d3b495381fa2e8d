//! What a version says of itself.

use crate::{FailedCheck, failure};
use function::{Check, Checked};
use serde::Deserialize;

/// The runtime's description of an invocation that failed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    error_message: String,
}

/// The failed checks in an answer. One that is not an answer to a check is a failure itself: a version that does not know
/// the event is not the one that it should be.
pub(crate) fn failures(target: &str, function_error: Option<&str>, payload: &[u8]) -> Vec<FailedCheck> {
    if function_error.is_some() {
        let said = serde_json::from_slice(payload).map(|Failed { error_message }| error_message);
        return vec![failure(target, "invocation", &said.unwrap_or_else(|_| "the function failed".to_owned()))];
    }
    let Ok(Checked { checked, ok }) = serde_json::from_slice::<Checked>(payload) else {
        return vec![failure(target, "invocation", "the answer is not one to a check event")];
    };
    let said = |check: Check| failure(target, &check.name, check.error.as_deref().unwrap_or_default());
    let failed: Vec<FailedCheck> = checked.into_iter().filter(|check| !check.ok).map(said).collect();
    if failed.is_empty() && !ok {
        return vec![failure(target, "invocation", "it says that it is not well and not why")];
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(function_error: Option<&str>, payload: &str) -> Vec<(String, String)> {
        let failures = failures("v", function_error, payload.as_bytes());
        failures.into_iter().map(|FailedCheck { check, error, .. }| (check, error)).collect()
    }

    #[test]
    fn an_answer_is_read() {
        assert_eq!(found(None, r#"{"checked":[{"name":"queue","ok":true}],"ok":true}"#), []);
        let two = r#"{"checked":[{"name":"queue","ok":false,"error":"gone"},{"name":"ledger","ok":true}],"ok":false}"#;
        assert_eq!(found(None, two), [("queue".to_owned(), "gone".to_owned())]);
    }

    #[test]
    fn whatever_is_no_good_answer_is_a_failure() {
        for (function_error, payload, said) in [
            (Some("Unhandled"), r#"{"errorType":"E","errorMessage":"misconfigured: secret"}"#, "misconfigured: secret"),
            (Some("Unhandled"), "", "the function failed"),
            (None, "null", "not one to a check event"),
            (None, r#"{"runs":[],"settled":true}"#, "not one to a check event"),
            (None, r#"{"checked":[],"ok":false}"#, "not why"),
        ] {
            let found = found(function_error, payload);
            let [(check, error)] = found.as_slice() else { panic!("{payload}: {found:?}") };
            assert!(check == "invocation" && error.contains(said), "{payload}: {error}");
        }
    }
}
