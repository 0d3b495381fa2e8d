//! The hook with the real SDK against a server that takes the part of Lambda and `CodeDeploy`.

#![expect(clippy::unwrap_used, reason = "it is a test")]

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use rollout::{Hook, Rollout};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, path_regex},
};

const PRODUCER: &str = "arn:aws:lambda:eu-west-1:123456789012:function:order-relay-reviews-producer:7";
const CONSUMER: &str = "arn:aws:lambda:eu-west-1:123456789012:function:order-relay-reviews-consumer:9";
/// More than any of these tests takes.
const REMAINING: Duration = Duration::from_mins(1);

fn hook() -> Hook {
    serde_json::from_value(json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "hook-1"})).unwrap()
}

async fn config(server: &MockServer) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .endpoint_url(server.uri())
        .timeout_config(aws::timeouts())
        .http_client(aws::http_client().unwrap())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .load()
        .await
}

/// A server on which `CodeDeploy` takes what it is told.
async fn codedeploy() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(header("x-amz-target", "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"lifecycleEventHookExecutionId": "hook-1"})))
        .mount(&server)
        .await;
    server
}

/// A version's answer to whatever it is invoked with.
async fn version(server: &MockServer, name: &str, answer: ResponseTemplate) {
    Mock::given(path_regex(format!("/functions/.*{name}.*/invocations"))).respond_with(answer).mount(server).await;
}

fn well() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"checked": [{"name": "queue", "ok": true}], "ok": true}))
}

/// What `CodeDeploy` was told, and what the versions were invoked with: path and event.
async fn seen(server: &MockServer) -> (Vec<Value>, Vec<(String, Value)>) {
    let (mut told, mut invoked) = (Vec::new(), Vec::new());
    for request in server.received_requests().await.unwrap() {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        if request.headers.contains_key("x-amz-target") {
            told.push(body);
        } else {
            invoked.push((request.url.path().replace("%3A", ":"), body));
        }
    }
    (told, invoked)
}

fn status(status: &str) -> Value {
    json!({"deploymentId": "d-1", "lifecycleEventHookExecutionId": "hook-1", "status": status})
}

#[tokio::test]
async fn versions_that_are_well_are_reported_so() {
    let server = codedeploy().await;
    // A cold start and the vendors' answers take longer than a call to AWS may.
    version(&server, "producer", well().set_delay(Duration::from_secs(6))).await;
    version(&server, "consumer", well()).await;
    let rollout = Rollout::new(&config(&server).await, &format!("{PRODUCER},{CONSUMER}"));
    let report = rollout.run(&hook(), REMAINING).await.unwrap();
    assert_eq!((report.status.as_str(), report.failures.len()), ("Succeeded", 0));
    let (told, mut invoked) = seen(&server).await;
    assert_eq!(told, [status("Succeeded")]);
    invoked.sort_by(|a, b| b.0.cmp(&a.0));
    let path = |version: &str| format!("/2015-03-31/functions/{version}/invocations");
    assert_eq!(invoked, [(path(PRODUCER), json!({"check": true})), (path(CONSUMER), json!({"check": true}))]);
}

#[tokio::test]
async fn a_failed_check_stops_the_deployment_and_is_named() {
    let server = codedeploy().await;
    version(&server, "producer", well()).await;
    let failed = json!({"checked": [{"name": "secret", "ok": false, "error": "misconfigured"}], "ok": false});
    version(&server, "consumer", ResponseTemplate::new(200).set_body_json(failed)).await;
    let report = Rollout::new(&config(&server).await, &format!("{PRODUCER}, {CONSUMER}"));
    let report = report.run(&hook(), REMAINING).await.unwrap();
    let [failure] = report.failures.as_slice() else { panic!("{report:?}") };
    assert_eq!((failure.target.as_str(), failure.check.as_str()), (CONSUMER, "secret"));
    assert_eq!(seen(&server).await.0, [status("Failed")]);
}

/// A version that cannot be invoked, one that fails, and one that never answers: `CodeDeploy` is told all the same.
#[tokio::test]
async fn whatever_happens_a_status_is_reported_in_time() {
    let error = json!({"errorType": "E", "errorMessage": "out of memory"});
    for (answer, said) in [
        (ResponseTemplate::new(404).set_body_json(json!({"Message": "no such function"})), "service error"),
        (
            ResponseTemplate::new(200).insert_header("x-amz-function-error", "Unhandled").set_body_json(error),
            "out of memory",
        ),
        (well().set_delay(Duration::from_mins(5)), "no answer"),
    ] {
        let server = codedeploy().await;
        version(&server, "producer", answer).await;
        let begun = Instant::now();
        // All but a second is kept for telling.
        let report =
            Rollout::new(&config(&server).await, PRODUCER).run(&hook(), Duration::from_secs(11)).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        let [failure] = report.failures.as_slice() else { panic!("{report:?}") };
        assert!(failure.check == "invocation" && failure.error.contains(said), "{failure:?}");
        assert_eq!(seen(&server).await.0, [status("Failed")]);
    }
}

#[tokio::test]
async fn without_targets_the_check_fails() {
    let server = codedeploy().await;
    let report = Rollout::new(&config(&server).await, " , ").run(&hook(), REMAINING).await.unwrap();
    assert!(report.failures[0].error.contains("TARGETS"), "{report:?}");
    assert_eq!(seen(&server).await.0, [status("Failed")]);
}

#[tokio::test]
async fn that_codedeploy_could_not_be_told_is_an_error() {
    let server = MockServer::start().await;
    Mock::given(header("x-amz-target", "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"))
        .respond_with(ResponseTemplate::new(400).set_body_json(json!({"__type": "DeploymentDoesNotExistException"})))
        .mount(&server)
        .await;
    version(&server, "producer", well()).await;
    let error = Rollout::new(&config(&server).await, PRODUCER).run(&hook(), REMAINING).await.unwrap_err();
    assert_eq!(error.to_string(), "CodeDeploy was not told how the check went");
}
