//! What an end-to-end test plays on: an emulator, the sandbox, the stack deployed between them.

use chrono::{DateTime, Utc};
use local::{Deploy, Emulator, Profile, Stack, Workspace, with_values};
use sandbox::{DaySpec, Manifest, Outcome, Sandbox};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The account that the store `default` belongs to.
pub(crate) const ACCOUNT: &str = "sandbox-default";
/// Nothing here takes longer, on a busy machine either.
const PATIENCE: Duration = Duration::from_mins(4);

/// Settings that differ from the shipped file, for every test: fast vendors, short waits, no other behaviour. The call
/// time-out stays under the consumer's time-out less the margin.
const SETTINGS: [(&str, &str, &str); 9] = [
    ("salesforce", "route_by", "\"Store__c\""),
    ("stores.default", "routes", "[\"default\"]"),
    ("reviews", "test_order", "\"Is_Test__c\""),
    ("pace", "yotpo_reviews", "2000"),
    ("protocol", "call_timeout", "\"2s\""),
    ("protocol", "backoff_base", "\"500ms\""),
    ("protocol", "backoff_cap", "\"2s\""),
    ("protocol", "held_at_least", "\"1s\""),
    ("protocol", "clock_skew", "\"500ms\""),
];

/// Template parameters that differ from their defaults, for every test.
const PARAMETERS: [(&str, &str); 3] =
    [("ConsumerTimeoutSeconds", "6"), ("QueueVisibilitySeconds", "8"), ("ConsumerConcurrency", "4")];

/// What is said of one delivery.
const ABOUT_A_DELIVERY: [&str; 9] = [
    "delivered",
    "to be tried again",
    "the call failed",
    "settled before; the message is dropped",
    "held by another worker; back to the queue",
    "to the dead-letter queue",
    "not sent, by rule",
    "lines without a product id that Yotpo takes",
    "to be sent again",
];

pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) emulator: &'static Emulator,
    pub(crate) stack: Stack<'static>,
    directory: tempfile::TempDir,
}

/// How a stage differs from the ordinary one.
#[derive(Default)]
pub(crate) struct Setting<'a> {
    pub(crate) settings: &'a [(&'a str, &'a str, &'a str)],
    pub(crate) parameters: &'a [(&'a str, &'a str)],
    pub(crate) environment: &'a [(&'a str, &'a str)],
    /// More tables for the end of relay.toml.
    pub(crate) more_toml: &'a str,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::with(Setting::default()).await
    }

    pub(crate) async fn with(setting: Setting<'_>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let workspace = Workspace::here();
        let emulator = Emulator::start(&workspace, directory.path(), setting.environment).unwrap();
        // Every test is a process of its own; the emulator ends with it.
        let emulator: &'static Emulator = Box::leak(Box::new(emulator));
        let relay_toml = relay_toml(&directory, setting.settings, setting.more_toml);
        // OPTIMISED=1 for figures, with what `make demo` has built.
        let profile = if std::env::var_os("OPTIMISED").is_some() { Profile::Local } else { Profile::Dev };
        let mut deploy = Deploy::new("order-relay", profile, &relay_toml);
        for (name, value) in PARAMETERS.iter().chain(setting.parameters) {
            deploy = deploy.with(name, value);
        }
        let stack = local::deploy(emulator, &deploy).await.unwrap();
        let sandbox = Sandbox::start(1, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        stack.put_secret("salesforce", &sandbox.salesforce.secret()).unwrap();
        stack.put_secret("yotpo", &sandbox.yotpo.secret(&[("default", ACCOUNT)])).unwrap();
        Self { sandbox, emulator, stack, directory }
    }

    /// Yesterday in UTC, which is the shipped configuration's time zone.
    pub(crate) fn yesterday(orders: usize) -> DaySpec {
        DaySpec::new(7, Utc::now().date_naive().pred_opt().unwrap(), sandbox::TimeZone::UTC, orders)
    }

    /// Runs the producer as its schedule does, again and again, until it says settled; its last answer.
    pub(crate) async fn produce(&self, scheduled_at: DateTime<Utc>) -> Value {
        let begun = Instant::now();
        loop {
            let answer = self.producer(&json!({"scheduled_at": scheduled_at})).await;
            if answer["settled"] == true {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "not settled: {answer}\n{}", self.last_lines());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// One run of the producer.
    pub(crate) async fn producer(&self, event: &Value) -> Value {
        self.stack.invoke("ReviewsProducerFunction", event).await.unwrap().payload
    }

    /// One run of the reconciler; its certificates.
    pub(crate) async fn reconcile(&self, event: &Value) -> Vec<Value> {
        let answer = self.reconciler(event).await;
        answer["certificates"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    }

    /// One run of the reconciler; all that it says.
    pub(crate) async fn reconciler(&self, event: &Value) -> Value {
        let answer = self.stack.invoke("ReviewsReconcilerFunction", event).await.unwrap();
        assert_eq!(answer.error, None, "{}\n{}", answer.payload, self.last_lines());
        answer.payload
    }

    /// Runs the reconciler by hand for a day, and lets the queue drain, until the store's certificate is complete; how many
    /// runs it took, and the certificate.
    pub(crate) async fn reconcile_until_complete(&self, day: &str, store: &str) -> (usize, Value) {
        let begun = Instant::now();
        for runs in 1.. {
            for certificate in self.reconcile(&json!({"business_day": day, "store": store})).await {
                assert_adds_up(&certificate);
                if certificate["complete"] == true {
                    return (runs, certificate);
                }
                assert!(begun.elapsed() < PATIENCE, "not complete: {certificate}\n{}", self.last_lines());
            }
            self.drained().await;
        }
        unreachable!("runs are not counted to the end")
    }

    /// Waits until `done` holds.
    pub(crate) async fn until(&self, what: &str, mut done: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !done().await {
            assert!(begun.elapsed() < PATIENCE, "still not: {what}\n{}", self.last_lines());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until the queue holds nothing, in flight or not.
    pub(crate) async fn drained(&self) {
        let queue = self.stack.queue("ReviewsQueueUrl").unwrap();
        self.until("the queue is empty", async || queue.depth().await.unwrap().total() == 0).await;
    }

    /// The ordinary course of a test: the producer runs until settled, the queue empties, every order is where it must be,
    /// and the logs are as they must be; how many were delivered.
    pub(crate) async fn deliver_all(&self, manifest: &Manifest) -> u64 {
        self.produce(Utc::now()).await;
        self.drained().await;
        self.assert_logs(manifest);
        self.assert_nothing_lost_or_doubled(manifest)
    }

    pub(crate) fn dead_letters(&self) -> Vec<DeadLetter> {
        let url = self.stack.output("ReviewsDeadLetterQueueUrl").unwrap();
        dead_letters(self.emulator.endpoint(), url)
    }

    /// Asserts that every order of the manifest is where it must be, once, as it must be; how many were delivered.
    pub(crate) fn assert_nothing_lost_or_doubled(&self, manifest: &Manifest) -> u64 {
        let verdict = manifest.compare(&self.sandbox.yotpo.arrivals());
        let quiet = verdict.lost.is_empty() && verdict.doubled.is_empty() && verdict.unexpected.is_empty();
        assert!(quiet && verdict.altered.is_empty(), "{verdict:?}\n{}", self.last_lines());
        verdict.delivered
    }

    /// Asserts what must hold of every line that any function printed; run at the end of every test.
    pub(crate) fn assert_logs(&self, manifest: &Manifest) {
        let lines = self.emulator.log_lines().unwrap();
        assert!(!lines.is_empty(), "the functions printed nothing");
        for line in lines {
            let text = &line.text;
            let json: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"));
            assert!(json["request_id"].as_str().is_some_and(|id| !id.is_empty()), "no request id: {text}");
            if json["message"].as_str().is_some_and(|message| ABOUT_A_DELIVERY.contains(&message)) {
                assert!(json["delivery_key"].as_str().is_some_and(|k| k.starts_with("reviews/")), "no key: {text}");
            }
            let personal = manifest.personal.emails.iter().chain(&manifest.personal.names);
            for secret in personal.filter(|p| p.chars().count() > 3) {
                assert!(!text.contains(secret.as_str()), "personal data in a log line: {text}");
            }
            assert!(
                !text.contains("sandbox-default-secret")
                    && !text.contains("topsecret")
                    && !text.contains("rotated-key"),
                "a secret in a log line: {text}"
            );
        }
    }

    /// The log lines with this message.
    pub(crate) fn logged(&self, message: &str) -> Vec<Value> {
        let lines = self.emulator.log_lines().unwrap();
        let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(&line.text).ok());
        lines.filter(|line| line["message"].as_str().is_some_and(|m| m.contains(message))).collect()
    }

    /// The processes that have delivered something.
    pub(crate) fn delivering(&self) -> BTreeSet<u32> {
        let lines = self.emulator.log_lines().unwrap();
        lines.into_iter().filter(|line| line.text.contains("\"message\":\"delivered\"")).map(|line| line.pid).collect()
    }

    /// How many deliveries these processes made.
    pub(crate) fn delivered_by(&self, processes: &BTreeSet<u32>) -> usize {
        let lines = self.emulator.log_lines().unwrap();
        let deliveries = lines.iter().filter(|line| line.text.contains("\"message\":\"delivered\""));
        deliveries.filter(|line| processes.contains(&line.pid)).count()
    }

    pub(crate) fn kill(&self, function: &str) -> usize {
        let victims = self.emulator.processes().into_iter().filter(|p| p.function.ends_with(function));
        victims
            .filter(|process| {
                let kill = std::process::Command::new("kill").args(["-KILL", &process.pid.to_string()]).status();
                kill.is_ok_and(|status| status.success())
            })
            .count()
    }

    /// The folder of this test alone.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn relay_toml(&self) -> PathBuf {
        self.directory.path().join("relay.toml")
    }

    /// Deploys settings that differ like this: the functions read them anew when they start.
    pub(crate) fn deploy_settings(&self, from: &str, to: &str) {
        let settings = fs::read_to_string(self.relay_toml()).unwrap();
        assert!(settings.contains(from), "{from} is not in the settings");
        fs::write(self.relay_toml(), settings.replace(from, to)).unwrap();
        for function in ["reviews-producer", "reviews-consumer", "reviews-reconciler"] {
            self.kill(function);
        }
    }

    fn last_lines(&self) -> String {
        let lines = self.emulator.log_lines().unwrap_or_default();
        let lines: Vec<String> = lines.iter().map(|l| format!("{} {}", l.function, l.text)).collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

fn relay_toml(directory: &tempfile::TempDir, more: &[(&str, &str, &str)], more_toml: &str) -> PathBuf {
    let shipped = include_str!("../../infra/config/relay.toml");
    let values: Vec<_> = SETTINGS.iter().chain(more).copied().collect();
    let path = directory.path().join("relay.toml");
    fs::write(&path, format!("{}\n{more_toml}\n", with_values(shipped, &values).unwrap())).unwrap();
    path
}

/// A message in a dead-letter queue.
#[derive(Debug)]
pub(crate) struct DeadLetter {
    pub(crate) body: String,
    pub(crate) error_class: String,
    pub(crate) error: String,
    pub(crate) delivery_key: Option<String>,
}

/// Everything in a queue, by SQS's own JSON protocol: the messages stay hidden for a minute.
fn dead_letters(endpoint: &str, url: &str) -> Vec<DeadLetter> {
    let mut letters = Vec::new();
    loop {
        let request = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 60, "MessageAttributeNames": ["All"]});
        let answer = sqs(endpoint, "ReceiveMessage", &request);
        let Some(messages) = answer["Messages"].as_array().filter(|messages| !messages.is_empty()) else {
            return letters;
        };
        for message in messages {
            let attribute = |name: &str| message["MessageAttributes"][name]["StringValue"].as_str().map(str::to_owned);
            letters.push(DeadLetter {
                body: message["Body"].as_str().unwrap_or_default().to_owned(),
                error_class: attribute("error_class").unwrap_or_default(),
                error: attribute("error").unwrap_or_default(),
                delivery_key: attribute("delivery_key"),
            });
        }
    }
}

/// One call to SQS by its JSON protocol.
pub(crate) fn sqs(endpoint: &str, action: &str, request: &Value) -> Value {
    aws(endpoint, "sqs", &format!("AmazonSQS.{action}"), request)
}

/// One call to DynamoDB by its JSON protocol.
pub(crate) fn dynamodb(endpoint: &str, action: &str, request: &Value) -> Value {
    aws(endpoint, "dynamodb", &format!("DynamoDB_20120810.{action}"), request)
}

fn aws(endpoint: &str, service: &str, target: &str, request: &Value) -> Value {
    let credential = format!("Credential=test/20260101/us-east-1/{service}/aws4_request");
    let answer = ureq::post(format!("{endpoint}/"))
        .header("X-Amz-Target", target)
        .header("Content-Type", "application/x-amz-json-1.0")
        .header("Authorization", format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"))
        .send(request.to_string())
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    serde_json::from_str(&answer).unwrap()
}

/// How many orders the manifest expects to end like this.
pub(crate) fn expected(manifest: &Manifest, outcome: impl Fn(&Outcome) -> bool) -> u64 {
    manifest.expected.iter().filter(|e| outcome(&e.outcome)).count() as u64
}

/// Asserts that the ledger's numbers add up to the completed orders, and that `complete` says what they say.
pub(crate) fn assert_adds_up(certificate: &Value) {
    let ledger = &certificate["ledger"];
    let number = |name: &str| ledger[name].as_u64().unwrap_or_else(|| panic!("{name}: {certificate}"));
    let by_reason = |name: &str| ledger[name].as_object().unwrap().values().filter_map(Value::as_u64).sum::<u64>();
    let open: u64 = ["accepted", "pending", "parked", "uncertain", "missing"].iter().map(|name| number(name)).sum();
    let all = number("confirmed") + open + by_reason("skipped") + by_reason("rejected");
    assert_eq!(all, certificate["source"]["completed"].as_u64().unwrap(), "{certificate}");
    assert_eq!(certificate["complete"], open == 0, "{certificate}");
}

/// Counts by reason, summed over the runs of an answer.
pub(crate) fn reasons(answer: &Value, kind: &str) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for run in answer["runs"].as_array().into_iter().flatten() {
        for (reason, count) in run[kind].as_object().into_iter().flatten() {
            *sums.entry(reason.clone()).or_default() += count.as_u64().unwrap_or_default();
        }
    }
    sums
}
