//! What a test of the erp flow plays on: an emulator, Shopify and NetSuite, the stack with this flow alone between them.

use chrono::{NaiveDate, TimeDelta, Utc};
use local::{Answered, Deploy, Emulator, Profile, Stack as Deployed, Workspace, with_values};
use sandbox::{
    Sandbox, netsuite,
    shopify::{Delivery, Mischief, Story},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

pub(crate) const SHOP: &str = "acme.myshopify.com";
/// Nothing here takes longer, on a busy machine either.
const PATIENCE: Duration = Duration::from_mins(3);

/// Settings that differ from the shipped file: short waits, and the subsidiary that an account with several asks for.
const SETTINGS: [(&str, &str, &str); 10] = [
    ("erp", "subsidiary", "\"1\""),
    ("netsuite", "call_timeout", "\"2s\""),
    ("netsuite", "unanswered_hold", "\"1s\""),
    ("protocol", "backoff_base", "\"300ms\""),
    ("protocol", "backoff_cap", "\"2s\""),
    ("protocol", "held_at_least", "\"500ms\""),
    ("protocol", "clock_skew", "\"500ms\""),
    ("protocol", "wait", "\"500ms\""),
    ("protocol", "missing_after", "\"500ms\""),
    ("protocol.settle", "netsuite", "\"2s\""),
];

pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) emulator: &'static Emulator,
    pub(crate) stack: Deployed<'static>,
    directory: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let (directory, workspace) = (tempfile::tempdir().unwrap(), Workspace::here());
        let emulator = Emulator::start(&workspace, directory.path(), &[]).unwrap();
        // Every test is a process of its own; the emulator ends with it.
        let emulator: &'static Emulator = Box::leak(Box::new(emulator));
        let relay_toml = directory.path().join("relay.toml");
        let shipped = include_str!("../../../infra/config/relay.toml");
        fs::write(&relay_toml, with_values(shipped, &SETTINGS).unwrap()).unwrap();
        let deploy = Deploy::new("order-relay", Profile::Dev, &relay_toml);
        // A short lease: what another worker holds comes back when it would have lapsed.
        let deploy = deploy.with("ReviewsFlow", false).with("ErpFlow", true).with("NetsuiteTimeoutSeconds", 7);
        let stack = local::deploy(emulator, &deploy).await.unwrap();
        let sandbox = Sandbox::start(1, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        sandbox.netsuite.set(|settings| settings.one_world = true);
        stack.put_secret("shopify", &sandbox.shopify.secret(&[SHOP])).unwrap();
        stack.put_secret("netsuite", &sandbox.netsuite.secret()).unwrap();
        Self { sandbox, emulator, stack, directory }
    }

    /// The folder of this test alone, with the settings in it.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Yesterday in UTC, which is the shipped configuration's time zone.
    pub(crate) fn yesterday() -> NaiveDate {
        Utc::now().date_naive().pred_opt().unwrap()
    }

    /// So many orders of yesterday, with what becomes of them before the day is over: their webhooks as requests.
    pub(crate) fn orders(&self, orders: usize, mischief: &Mischief) -> Vec<Delivery> {
        let start = Self::yesterday().and_hms_opt(1, 0, 0).unwrap().and_utc();
        let story = Story { step: TimeDelta::minutes(5), ..Story::new(SHOP, orders, start) };
        let told = self.sandbox.shopify.tell(&story);
        self.sandbox.shopify.plan(&told, mischief)
    }

    /// Sends them as Shopify does.
    pub(crate) async fn send(&self, plan: Vec<Delivery>) -> Answered {
        local::send(&self.stack.webhook("ShopifyWebhookUrl").unwrap(), plan).await
    }

    /// Waits until the queue holds nothing, in flight or not.
    pub(crate) async fn drained(&self) {
        let (queue, begun) = (self.stack.queue("ErpQueueUrl").unwrap(), Instant::now());
        while queue.depth().await.unwrap().total() > 0 {
            assert!(begun.elapsed() < PATIENCE, "the queue does not become empty\n{}", self.last_lines());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Looks at yesterday by hand, and lets the queue drain, until the certificate is complete.
    pub(crate) async fn reconcile_until_complete(&self) -> Value {
        let (event, begun) = (json!({"business_day": Self::yesterday().to_string(), "store": SHOP}), Instant::now());
        loop {
            let answer = self.stack.invoke("ErpReconcilerFunction", &event).await.unwrap();
            assert_eq!(answer.error, None, "{}\n{}", answer.payload, self.last_lines());
            let certificate = &answer.payload["certificates"][0];
            if certificate["complete"] == true {
                return certificate.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "not complete: {}\n{}", answer.payload, self.last_lines());
            self.drained().await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Asserts that NetSuite has what Shopify has, and that nothing waits for a person.
    pub(crate) async fn assert_agreement(&self) {
        let agreement = self.sandbox.agreement();
        assert!(agreement.holds(), "{agreement:#?}\n{}", self.last_lines());
        let letters = self.stack.queue("ErpDeadLetterQueueUrl").unwrap().depth().await.unwrap().total();
        assert_eq!(letters, 0, "dead letters\n{}", self.last_lines());
    }

    /// Asserts that no line that any function printed names a buyer or gives a secret away.
    pub(crate) fn assert_logs(&self) {
        let (lines, personal) = (self.emulator.log_lines().unwrap(), self.sandbox.shopify.personal());
        for function in ["shopify-webhook", "netsuite-worker"] {
            assert!(lines.iter().any(|line| line.function.ends_with(function)), "{function} printed nothing");
        }
        let personal: Vec<&String> = personal.emails.iter().chain(&personal.names).collect();
        assert!(personal.len() > 5, "hardly anybody ordered");
        for line in lines {
            let text = &line.text;
            let json: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"));
            assert!(json["request_id"].as_str().is_some_and(|id| !id.is_empty()), "no request id: {text}");
            for secret in personal.iter().filter(|secret| secret.chars().count() > 3) {
                assert!(!text.contains(secret.as_str()), "personal data in a log line: {text}");
            }
            assert!(!text.contains("shpss_") && !text.contains("PRIVATE KEY"), "a secret in a log line: {text}");
        }
    }

    /// How many calls NetSuite had that write.
    pub(crate) fn writes(&self) -> u64 {
        let counters = self.sandbox.report().counters;
        let writes = [netsuite::CREATE, netsuite::UPDATE, netsuite::UPSERT];
        writes.iter().filter_map(|endpoint| counters.get(endpoint)).map(|counters| counters.calls).sum()
    }

    pub(crate) fn last_lines(&self) -> String {
        let lines = self.emulator.log_lines().unwrap_or_default();
        let lines: Vec<String> = lines.iter().map(|l| format!("{} {}", l.function, l.text)).collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}
