use std::{error::Error as _, time::Duration};

use chrono::TimeZone;
use proptest::prelude::*;
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::*;
use crate::Client;

/// What stands in a text that quotes what was sent.
const PERSON: &str = "Jane Doe <jane@example.com>, 1 Elm St, +1 555 0100";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap()
}

fn client(server: &MockServer) -> Client {
    let credentials = json!({
        "account_id": "1", "base_url": server.uri(),
        "consumer_key": "k", "consumer_secret": "s", "token_id": "t", "token_secret": "s"
    });
    let http = rest::Client::new(Duration::from_secs(20)).unwrap();
    Client::new(http, serde_json::from_value(credentials).unwrap(), now, || 7)
}

/// What a change and a RESTlet's call come to when NetSuite answers so; neither ever says anything personal.
async fn answered_with(answer: ResponseTemplate) -> (Error, Result<Value, Error>) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let client = client(&server);
    let patched = client.patch("salesOrder", crate::RecordKey::External("a"), &json!({}), None).await.unwrap_err();
    let posted = client.restlet("s", "d", &json!({})).await;
    for error in [Some(&patched), posted.as_ref().err()].into_iter().flatten() {
        let printed = format!("{error} {error:?} {:?}", error.source());
        for personal in ["Jane", "Doe", "jane@", "Elm", "0100"] {
            assert!(!printed.contains(personal), "{printed}");
        }
    }
    (patched, posted)
}

/// The class in a word, and whether the call may land.
fn word(error: &Error) -> &'static str {
    match error {
        Error::Unauthorized { .. } => "unauthorized",
        Error::RateLimited { .. } => "rate_limited",
        Error::Conflict(_) => "conflict",
        Error::Refused { reason, .. } => reason.word(),
        Error::Unavailable { may_land: true, .. } => "may land",
        Error::Unavailable { may_land: false, .. } => "not taken",
    }
}

fn own(status: u16, code: &str, detail: &str) -> ResponseTemplate {
    let body = json!({
        "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html", "title": PERSON, "status": status,
        "o:errorDetails": [{"detail": detail, "o:errorCode": code, "o:errorPath": PERSON}]
    });
    ResponseTemplate::new(status).set_body_json(body)
}

#[tokio::test]
async fn what_netsuite_says_has_one_meaning() {
    let quoting = |text: &str| format!("Error while accessing a resource. {text} {PERSON}");
    for (status, code, detail, expected) in [
        (429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.", "rate_limited"),
        (400, "SSS_REQUEST_LIMIT_EXCEEDED", PERSON, "rate_limited"),
        (400, "USER_ERROR", "Concurrent request limit exceeded. Request blocked.", "rate_limited"),
        (401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail", "unauthorized"),
        (403, "INVALID_LOGIN_ATTEMPT", "Invalid login attempt.", "unauthorized"),
        (400, "USER_ERROR", &quoting("Record has been changed"), "conflict"),
        (400, "RCRD_HAS_BEEN_CHANGED", PERSON, "conflict"),
        (408, "USER_ERROR", PERSON, "conflict"),
        (409, "USER_ERROR", PERSON, "conflict"),
        (423, "USER_ERROR", PERSON, "conflict"),
        (400, "USER_ERROR", &quoting("This record has been locked by a user defined workflow."), "locked"),
        (400, "USER_ERROR", &quoting("The transaction date is not within an open accounting period."), "closed_period"),
        (400, "USER_ERROR", &quoting("You cannot edit it because the period is closed."), "closed_period"),
        (400, "TRAN_PRD_CLOSED", PERSON, "closed_period"),
        (400, "USER_ERROR", "Your current role does not have permission to perform this action.", "permission"),
        (403, "INSUFFICIENT_PERMISSION", &quoting("Permission Violation: You need a higher level"), "permission"),
        (403, "USER_ERROR", PERSON, "permission"),
        (400, "USER_ERROR", &quoting("This entity already exists."), "already_exists"),
        (400, "USER_ERROR", &quoting("This record already exists"), "already_exists"),
        (409, "DUP_RCRD", PERSON, "already_exists"),
        (404, "NONEXISTENT_ID", "Record does not exist.", "missing"),
        (400, "RCRD_DSNT_EXIST", PERSON, "missing"),
        (404, "NOT_FOUND", "The requested resource does not exist.", "set_up"),
        (400, "SSS_INVALID_SCRIPTLET_ID", "That Suitelet is invalid, disabled, or no longer exists.", "set_up"),
        (405, "METHOD_NOT_ALLOWED", PERSON, "set_up"),
        (400, "INVALID_CONTENT", &quoting("You have entered an Invalid Field Value"), "refused"),
        (400, "FIELD_PARAM_REQD", "Please enter a value for [entity]", "refused"),
        (
            400,
            "INVALID_REQUEST",
            "The request could not be understood by the server due to malformed syntax.",
            "refused",
        ),
        (422, "A_CODE_OF_NEXT_YEARS", PERSON, "refused"),
        (500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: jrgbpyylphhishmmlxyt", "may land"),
        (400, "UNEXPECTED_ERROR", PERSON, "may land"),
        (400, "SSS_TIME_LIMIT_EXCEEDED", PERSON, "may land"),
        (503, "USER_ERROR", PERSON, "may land"),
        (500, "USER_ERROR", &quoting("This record already exists"), "may land"),
    ] {
        let (patched, posted) = answered_with(own(status, code, detail)).await;
        assert_eq!(word(&patched), expected, "{status} {code} {detail}");
        assert_eq!(word(&posted.unwrap_err()), expected, "{status} {code} {detail}");
    }
}

#[tokio::test]
async fn only_netsuite_refuses_for_good() {
    let html = "<html><body>Jane Doe may not see this</body></html>";
    for body in [
        html,
        "",
        "null",
        "[]",
        "{}",
        r#"{"message":"Forbidden"}"#,
        r#"{"o:errorDetails":[]}"#,
        r#"{"o:errorDetails":"x"}"#,
        r#"{"o:errorDetails":[{"detail":"Jane Doe"}]}"#,
        r#"{"o:errorDetails":[{"detail":"Jane Doe","o:errorCode":"Jane Doe"}]}"#,
        r#"{"error":"Jane Doe"}"#,
    ] {
        for (status, expected) in [
            (301, "not taken"),
            (302, "not taken"),
            (400, "not taken"),
            (401, "not taken"),
            (403, "not taken"),
            (404, "not taken"),
            (413, "not taken"),
            (408, "may land"),
            (409, "may land"),
            (422, "may land"),
            (499, "may land"),
            (500, "may land"),
            (502, "may land"),
            (503, "may land"),
            (504, "may land"),
            (429, "rate_limited"),
        ] {
            let (patched, posted) = answered_with(ResponseTemplate::new(status).set_body_string(body)).await;
            assert_eq!(word(&patched), expected, "{status} {body}");
            assert_eq!(word(&posted.unwrap_err()), expected, "{status} {body}");
        }
    }
}

#[tokio::test]
async fn an_error_inside_a_200_of_a_restlet_is_an_error() {
    let caught = |code: &str, message: &str| json!({"error": {"code": code, "message": message}});
    for (body, expected) in [
        (caught("SSS_INVALID_SCRIPTLET_ID", PERSON), "set_up"),
        (caught("RCRD_HAS_BEEN_CHANGED", PERSON), "conflict"),
        (caught("SSS_REQUEST_LIMIT_EXCEEDED", PERSON), "rate_limited"),
        (caught("RCRD_DSNT_EXIST", PERSON), "missing"),
        (caught("INVALID_FLD_VALUE", PERSON), "refused"),
        (caught("UNEXPECTED_ERROR", PERSON), "may land"),
        (json!({"error": PERSON}), "may land"),
        (json!({"error": {"message": PERSON}}), "may land"),
    ] {
        let (_, posted) = answered_with(ResponseTemplate::new(200).set_body_json(&body)).await;
        assert_eq!(word(&posted.unwrap_err()), expected, "{body}");
    }
    for body in
        [json!({"id": "1"}), json!({"id": "1", "error": null}), json!({"id": "1", "error": false}), json!(["x"])]
    {
        let (_, posted) = answered_with(ResponseTemplate::new(200).set_body_json(&body)).await;
        assert_eq!(posted.unwrap(), body);
    }
    let text = "error code: SSS_INVALID_SCRIPTLET_ID\nerror message: That Suitelet is invalid, disabled, or no longer exists.\n";
    let (_, posted) = answered_with(ResponseTemplate::new(400).set_body_string(text)).await;
    assert_eq!(word(&posted.unwrap_err()), "set_up");
    let text = format!("error code: {PERSON}\nerror message: x");
    let (_, posted) = answered_with(ResponseTemplate::new(400).set_body_string(text)).await;
    assert_eq!(word(&posted.unwrap_err()), "not taken");
}

#[tokio::test]
async fn of_several_complaints_the_one_known_best_counts() {
    let details = json!([
        {"detail": PERSON, "o:errorCode": "USER_ERROR"},
        {"detail": "This record has been locked by a user defined workflow.", "o:errorCode": "USER_ERROR", "o:errorPath": "memo"},
    ]);
    let (patched, _) =
        answered_with(ResponseTemplate::new(400).set_body_json(json!({"o:errorDetails": details}))).await;
    let Error::Refused { reason, said } = patched else { panic!("{patched:?}") };
    assert_eq!((reason, said.path.as_deref()), (RefusalReason::Locked, Some("memo")));
    assert!(said.detail.unwrap().starts_with("This record has been locked"));
}

#[tokio::test]
async fn what_may_be_said_is_said() {
    let detail =
        "Error while accessing resource: You have entered an Invalid Field Value 9999 for the following field: item";
    let body = json!({"o:errorDetails": [{"detail": detail, "o:errorCode": "INVALID_CONTENT", "o:errorPath": "item.items[0].item"}]});
    let (patched, _) = answered_with(ResponseTemplate::new(400).set_body_json(body)).await;
    assert_eq!(
        patched.to_string(),
        "NetSuite refuses the call: HTTP 400, INVALID_CONTENT at item.items[0].item: You have entered an Invalid Field Value … for \
         the following field: item"
    );
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_passed_on() {
    for (status, code) in [(429, "CONCURRENCY_LIMIT_EXCEEDED"), (503, "UNEXPECTED_ERROR")] {
        let (patched, _) = answered_with(own(status, code, "x").insert_header("Retry-After", "7")).await;
        assert_eq!(patched.retry_after(), Some(Duration::from_secs(7)));
    }
}

proptest! {
    #[test]
    fn a_code_and_a_path_have_no_room_for_a_person(text in "\\PC{0,30}") {
        let personal = text.contains(['@', ' ', '+', ',']);
        prop_assert!(!personal || (!is_code(&text) && !is_path(&text)));
    }
}
