//! What AWS does, what the emulator does of it: the rows of docs/CONFORMANCE.md that can be tried. A row that fails here
//! after an upgrade of the emulator is a row to correct there.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use local::{Emulator, Workspace};
use serde_json::{Value, json};
use std::{
    io::{Cursor, Write as _},
    thread::sleep,
    time::{Duration, Instant},
};
use zip::{ZipWriter, write::SimpleFileOptions};

const ACCOUNT: &str = "000000000000";
/// Nothing here takes longer, on a busy machine either.
const PATIENCE: Duration = Duration::from_mins(2);

/// A function that does as the message says: answers with its `answer`, `$ID` being the message's id; fails if there is
/// none; and first hides the message for `hide` seconds, the first time it sees it.
const OBEDIENT: &str = r#"#!/usr/bin/env python3
import json, os, urllib.request

def post(url, text, headers={}):
    urllib.request.urlopen(urllib.request.Request(url, text.encode(), headers)).read()

api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as response:
        request = response.headers["Lambda-Runtime-Aws-Request-Id"]
        record = json.load(response)["Records"][0]
    order, first = json.loads(record["body"]), record["attributes"]["ApproximateReceiveCount"] == "1"
    if "hide" in order and first:
        entry = {"Id": "0", "ReceiptHandle": record["receiptHandle"], "VisibilityTimeout": order["hide"]}
        post(os.environ["AWS_ENDPOINT_URL"], json.dumps({"QueueUrl": order["queue"], "Entries": [entry]}), {
            "X-Amz-Target": "AmazonSQS.ChangeMessageVisibilityBatch",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
        })
    if "hide" in order and not first:
        post(api + request + "/response", "{}")
    elif "answer" in order:
        post(api + request + "/response", order["answer"].replace("$ID", record["messageId"]))
    else:
        post(api + request + "/error", '{"errorType": "Told", "errorMessage": "to fail"}')
"#;

struct Aws {
    emulator: Emulator,
    _directory: tempfile::TempDir,
}

impl Aws {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let emulator = Emulator::start(&Workspace::here(), directory.path(), &[]).unwrap();
        Self { emulator, _directory: directory }
    }

    /// One call; the status and the answer.
    fn call(&self, service: &str, path: &str, target: Option<&str>, body: &Value) -> (u16, Value) {
        let credential = format!("test/20260101/us-east-1/{service}/aws4_request");
        let mut request = ureq::post(format!("{}{path}", self.emulator.endpoint()))
            .config()
            .http_status_as_error(false)
            .build()
            .header("Content-Type", "application/x-amz-json-1.0")
            .header(
                "Authorization",
                format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"),
            );
        if let Some(target) = target {
            request = request.header("X-Amz-Target", target);
        }
        let mut answer = request.send(body.to_string()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default())
    }

    fn sqs(&self, action: &str, body: &Value) -> (u16, Value) {
        self.call("sqs", "/", Some(&format!("AmazonSQS.{action}")), body)
    }

    /// A new queue's URL.
    fn queue(&self, name: &str, attributes: &Value) -> String {
        let (status, answer) = self.sqs("CreateQueue", &json!({"QueueName": name, "Attributes": attributes}));
        assert_eq!(status, 200, "{answer}");
        answer["QueueUrl"].as_str().unwrap().to_owned()
    }

    /// Messages that are visible, and that are in flight.
    fn depth(&self, url: &str) -> (String, String) {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let (_, answer) = self.sqs("GetQueueAttributes", &json!({"QueueUrl": url, "AttributeNames": names}));
        let [visible, in_flight] = names.map(|name| answer["Attributes"][name].as_str().unwrap_or("0").to_owned());
        (visible, in_flight)
    }

    fn receive(&self, url: &str) -> Value {
        let request = json!({"QueueUrl": url, "VisibilityTimeout": 0, "MessageSystemAttributeNames": ["All"]});
        self.sqs("ReceiveMessage", &request).1["Messages"][0].clone()
    }

    /// The obedient function.
    fn function(&self) {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("bootstrap", SimpleFileOptions::DEFAULT.unix_permissions(0o755)).unwrap();
        zip.write_all(OBEDIENT.as_bytes()).unwrap();
        let code = BASE64_STANDARD.encode(zip.finish().unwrap().into_inner());
        let function = json!({
            "FunctionName": "obedient", "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 10,
            "Role": format!("arn:aws:iam::{ACCOUNT}:role/any"), "Code": {"ZipFile": code},
        });
        let (status, answer) = self.call("lambda", "/2015-03-31/functions", None, &function);
        assert_eq!(status, 201, "{answer}");
    }

    /// Sends `order` to a new queue that the obedient function is mapped to; the queue's URL.
    fn order(&self, name: &str, order: &Value) -> String {
        let url = self.queue(name, &json!({"VisibilityTimeout": "60"}));
        let mapping = json!({
            "FunctionName": "obedient", "EventSourceArn": format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"),
            "BatchSize": 1, "FunctionResponseTypes": ["ReportBatchItemFailures"],
        });
        let (status, answer) = self.call("lambda", "/2015-03-31/event-source-mappings", None, &mapping);
        assert_eq!(status, 202, "{answer}");
        let mut order = order.clone();
        order["queue"] = url.clone().into();
        self.sqs("SendMessage", &json!({"QueueUrl": url, "MessageBody": order.to_string()}));
        url
    }

    /// Whether the message was deleted, and not merely kept in flight for longer than any answer takes.
    fn is_deleted(&self, url: &str) -> bool {
        let begun = Instant::now();
        let mut in_flight_since = None;
        loop {
            let (visible, in_flight) = self.depth(url);
            if in_flight == "1" {
                if in_flight_since.get_or_insert_with(Instant::now).elapsed() > Duration::from_secs(8) {
                    return false;
                }
            } else if visible == "0" {
                return true;
            }
            assert!(begun.elapsed() < PATIENCE, "the function was never invoked");
            sleep(Duration::from_millis(100));
        }
    }
}

/// Each answer, whether AWS deletes the message, and whether the emulator does.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
const TRUTH: [(&str, Option<&str>, bool, bool); 11] = [
    ("an-empty-list", Some(r#"{"batchItemFailures": []}"#), true, true),
    ("a-null-list", Some(r#"{"batchItemFailures": null}"#), true, false),
    ("an-empty-answer", Some("{}"), true, true),
    ("a-null-answer", Some("null"), true, true),
    ("its-id", Some(r#"{"batchItemFailures": [{"itemIdentifier": "$ID"}]}"#), false, false),
    ("an-error", None, false, false),
    ("no-json", Some("no json"), false, true),
    ("an-empty-id", Some(r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#), false, true),
    ("a-null-id", Some(r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#), false, true),
    ("a-bad-key", Some(r#"{"batchItemFailures": [{"itemId": "$ID"}]}"#), false, true),
    ("an-unknown-id", Some(r#"{"batchItemFailures": [{"itemIdentifier": "unknown"}]}"#), false, true),
];

#[test]
fn partial_batch_responses() {
    let aws = Aws::start();
    aws.function();
    let order = |answer: Option<&str>| answer.map_or_else(|| json!({}), |answer| json!({"answer": answer}));
    let urls = TRUTH.map(|(name, answer, ..)| aws.order(name, &order(answer)));
    let seen: Vec<_> = TRUTH.iter().zip(&urls).map(|(truth, url)| (truth.0, aws.is_deleted(url))).collect();
    let listed: Vec<_> = TRUTH.iter().map(|(name, _, _, emulator)| (*name, *emulator)).collect();
    assert_eq!(seen, listed, "is docs/CONFORMANCE.md still right?");
}

/// What the consumer does with a message that is to come back: hide it, then name it. Without the change it would come
/// back after the queue's minute.
#[test]
fn a_visibility_change_inside_an_invocation_outlives_the_partial_response() {
    let aws = Aws::start();
    aws.function();
    let begun = Instant::now();
    let named = r#"{"batchItemFailures": [{"itemIdentifier": "$ID"}]}"#;
    let url = aws.order("hidden", &json!({"hide": 2, "answer": named}));
    while aws.depth(&url) != ("0".to_owned(), "0".to_owned()) {
        assert!(begun.elapsed() < Duration::from_secs(50), "it came back after the queue's own time-out, or never");
        sleep(Duration::from_millis(100));
    }
    assert!(begun.elapsed() > Duration::from_secs(2), "it was not hidden");
}

#[test]
fn receives_are_counted_and_the_last_one_is_the_last() {
    let aws = Aws::start();
    let dead = aws.queue("dead", &json!({}));
    let policy = json!({"deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:{ACCOUNT}:dead"), "maxReceiveCount": 2});
    let url = aws.queue("alive", &json!({"RedrivePolicy": policy.to_string()}));
    aws.sqs("SendMessage", &json!({"QueueUrl": url, "MessageBody": "one"}));
    for count in ["1", "2"] {
        assert_eq!(aws.receive(&url)["Attributes"]["ApproximateReceiveCount"], count);
    }
    assert_eq!(aws.receive(&url), Value::Null, "the third receive moves it");
    assert_eq!(aws.receive(&dead)["Body"], "one");
}

#[test]
fn batch_limits() {
    let aws = Aws::start();
    let url = aws.queue("limits", &json!({}));
    let send = |entries: Vec<(&str, String)>| {
        let entries: Vec<_> = entries.iter().map(|(id, body)| json!({"Id": id, "MessageBody": body})).collect();
        let (status, answer) = aws.sqs("SendMessageBatch", &json!({"QueueUrl": url, "Entries": entries}));
        (status, answer["__type"].as_str().unwrap_or_default().to_owned(), answer)
    };
    let ids: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let small = |n: usize| ids[..n].iter().map(|id| (id.as_str(), "x".to_owned())).collect::<Vec<_>>();
    let refused = |entries, code: &str| {
        let (status, kind, answer) = send(entries);
        assert!(status == 400 && kind.contains(code), "{code}: {status} {answer}");
    };
    refused(small(11), "TooManyEntriesInBatchRequest");
    refused(small(0), "EmptyBatchRequest");
    refused(vec![("a", "x".to_owned()), ("a", "y".to_owned())], "BatchEntryIdsNotDistinct");
    refused(vec![("a", "x".repeat(600_000)), ("b", "x".repeat(600_000))], "BatchRequestTooLong");
    assert_eq!(send(vec![("a", "x".repeat(1_000_000))]).0, 200, "a mebibyte is allowed");
    let (status, _, answer) = send(vec![("good", "x".to_owned()), ("bad", "\u{1}".to_owned())]);
    assert_eq!(
        (status, &answer["Failed"][0]["Id"], &answer["Successful"][0]["Id"]),
        (200, &json!("bad"), &json!("good"))
    );
    assert_eq!(answer["Failed"][0]["SenderFault"], true);
}
