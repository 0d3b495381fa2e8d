//! The numbers of one invocation, written as lines of CloudWatch's embedded metric format.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::Metric;

const NAMESPACE: &str = "OrderRelay";
/// A target member has at most so many values.
const VALUES: usize = 100;

/// Values by metric.
type Values = BTreeMap<Metric, Vec<f64>>;

/// What is counted and measured within one invocation, until it is written at its end.
#[derive(Debug)]
pub struct Metrics {
    flow: String,
    function: String,
    request_id: String,
    of_flow: Values,
    of_stores: BTreeMap<String, Values>,
}

impl Metrics {
    /// For an invocation of `function`, which belongs to `flow` (`reviews`).
    pub fn new(flow: &str, function: &str, request_id: &str) -> Self {
        Self {
            flow: flow.to_owned(),
            function: function.to_owned(),
            request_id: request_id.to_owned(),
            of_flow: Values::new(),
            of_stores: BTreeMap::new(),
        }
    }

    /// Counts `n` more. `store` matters for the metrics that have a series a store; where it is not known these count for
    /// the flow alone.
    pub fn count(&mut self, metric: Metric, store: Option<&str>, n: usize) {
        // Exact below 2^53.
        #[expect(clippy::cast_precision_loss, reason = "no invocation counts to 2^53")]
        self.put(metric, store, n as f64);
    }

    /// Notes one measurement, in the metric's unit: a duration, an age, a share.
    pub fn measure(&mut self, metric: Metric, value: f64) {
        self.put(metric, None, value);
    }

    /// Counts or measures, as the metric is: a count adds up, a measurement is kept.
    pub fn put(&mut self, metric: Metric, store: Option<&str>, value: f64) {
        // JSON has no such numbers, and CloudWatch would drop the whole line.
        if !value.is_finite() {
            return;
        }
        let values = match store.filter(|_| metric.is_by_store()) {
            Some(store) => self.of_stores.entry(store.to_owned()).or_default(),
            None => &mut self.of_flow,
        };
        let values = values.entry(metric).or_default();
        match values.first_mut().filter(|_| metric.is_count()) {
            Some(sum) => *sum += value,
            None => values.push(value),
        }
    }

    /// Writes everything and starts anew: one line where one store, or none, had anything to count, else one a store; more
    /// only where a metric has over 100 values. `Rejected`, `Parked` and `Missing` are written as 0 too, for the flow and
    /// for each store that had anything to count.
    pub fn flush(&mut self, now: DateTime<Utc>, mut out: impl Write) -> io::Result<()> {
        let mut of_flow = std::mem::take(&mut self.of_flow);
        let mut groups: Vec<(Option<String>, Values)> =
            std::mem::take(&mut self.of_stores).into_iter().map(|(store, values)| (Some(store), values)).collect();
        // A store's counts are the flow's too, so zeros for the flow are needed only where no store has any.
        for values in groups.iter_mut().map(|(_, values)| values) {
            zeros(values);
        }
        if let Some((_, first)) = groups.first_mut() {
            // What has no store goes along in the first store's line, but for the metrics that this line has by store.
            let by_store = |metric: &Metric, _: &mut Vec<f64>| !metric.is_by_store();
            first.extend(of_flow.extract_if(.., by_store));
        } else {
            zeros(&mut of_flow);
        }
        if !of_flow.is_empty() {
            groups.push((None, of_flow));
        }
        let mut lines = Vec::new();
        for (store, mut values) in groups {
            while !values.is_empty() {
                let line = self.line(now, store.as_deref(), &take(&mut values));
                serde_json::to_writer(&mut lines, &line)?;
                lines.push(b'\n');
            }
        }
        out.write_all(&lines)
    }

    fn line(&self, now: DateTime<Utc>, store: Option<&str>, values: &Values) -> Value {
        let definitions = |by_store: bool| -> Vec<Value> {
            values
                .keys()
                .filter(|metric| (store.is_some() && metric.is_by_store()) == by_store)
                .map(|metric| json!({"Name": metric.name(), "Unit": metric.unit()}))
                .collect()
        };
        let directives: Vec<Value> = [
            (json!([["Flow"]]), definitions(false)),
            (json!([["Flow"], ["Flow", "Store"]]), definitions(true)),
        ]
        .into_iter()
        .filter(|(_, metrics)| !metrics.is_empty())
        .map(|(dimensions, metrics)| json!({"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}))
        .collect();
        let mut line = Map::new();
        line.insert("_aws".to_owned(), json!({"Timestamp": now.timestamp_millis(), "CloudWatchMetrics": directives}));
        for (key, value) in [
            ("timestamp", now.to_rfc3339_opts(SecondsFormat::Millis, true)),
            ("level", "INFO".to_owned()),
            ("message", "metrics".to_owned()),
            ("function", self.function.clone()),
            ("request_id", self.request_id.clone()),
            ("Flow", self.flow.clone()),
        ] {
            line.insert(key.to_owned(), value.into());
        }
        if let Some(store) = store {
            line.insert("Store".to_owned(), store.into());
        }
        for (metric, values) in values {
            let target = if let [one] = values.as_slice() { json!(one) } else { json!(values) };
            line.insert(metric.name().to_owned(), target);
        }
        Value::Object(line)
    }
}

fn zeros(values: &mut Values) {
    for metric in Metric::ALWAYS {
        values.entry(metric).or_insert_with(|| vec![0.0]);
    }
}

/// As much of `values` as one line may hold; what is left stays.
fn take(values: &mut Values) -> Values {
    let taken = values
        .iter_mut()
        .map(|(metric, values)| (*metric, values.drain(..values.len().min(VALUES)).collect()))
        .collect();
    values.retain(|_, values| !values.is_empty());
    taken
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_795_000_000_123).unwrap()
    }

    fn flushed(metrics: &mut Metrics) -> Vec<Value> {
        let mut out = Vec::new();
        metrics.flush(now(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn metrics() -> Metrics {
        Metrics::new("reviews", "reviews-consumer", "r-1")
    }

    /// What CloudWatch would take from the lines: values by (metric, dimensions). Fails where a line breaks the format.
    fn extracted(lines: &[Value]) -> BTreeMap<(String, String), Vec<f64>> {
        let mut all: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
        for line in lines {
            let keys: BTreeSet<&str> = line["_aws"].as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, BTreeSet::from(["CloudWatchMetrics", "Timestamp"]));
            assert_eq!(line["_aws"]["Timestamp"], 1_795_000_000_123_i64);
            let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
            assert!(!directives.is_empty());
            for directive in directives {
                assert_eq!(directive["Namespace"], "OrderRelay");
                let metrics = directive["Metrics"].as_array().unwrap();
                assert!((1..=100).contains(&metrics.len()));
                for metric in metrics {
                    let name = metric["Name"].as_str().unwrap();
                    assert!(
                        ["Count", "Seconds", "Milliseconds", "Percent", "None"]
                            .contains(&metric["Unit"].as_str().unwrap())
                    );
                    let values = match &line[name] {
                        Value::Array(values) => values.clone(),
                        one => vec![one.clone()],
                    };
                    assert!((1..=100).contains(&values.len()), "{name}");
                    for set in directive["Dimensions"].as_array().unwrap() {
                        let dimensions: Vec<_> = set
                            .as_array()
                            .unwrap()
                            .iter()
                            .map(|key| line[key.as_str().unwrap()].as_str().unwrap())
                            .collect();
                        all.entry((name.to_owned(), dimensions.join("/")))
                            .or_default()
                            .extend(values.iter().map(|value| value.as_f64().unwrap()));
                    }
                }
            }
        }
        all
    }

    fn sums(lines: &[Value]) -> BTreeMap<(String, String), f64> {
        extracted(lines).into_iter().map(|(series, values)| (series, values.iter().sum())).collect()
    }

    fn series(metric: &str, dimensions: &str) -> (String, String) {
        (metric.to_owned(), dimensions.to_owned())
    }

    #[test]
    fn an_invocation_of_one_store_is_one_line() {
        let mut metrics = metrics();
        metrics.count(Metric::Delivered, Some("default"), 1);
        metrics.count(Metric::Delivered, Some("default"), 2);
        metrics.count(Metric::Retried, Some("default"), 1);
        metrics.measure(Metric::VendorCallMs, 41.5);
        metrics.measure(Metric::VendorCallMs, 12.0);
        let lines = flushed(&mut metrics);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["request_id"], "r-1");
        assert_eq!(lines[0]["function"], "reviews-consumer");
        let all = extracted(&lines);
        assert_eq!(all[&series("Delivered", "reviews")], [3.0]);
        assert_eq!(all[&series("Delivered", "reviews/default")], [3.0]);
        assert_eq!(all[&series("VendorCallMs", "reviews")], [41.5, 12.0]);
        assert!(!all.contains_key(&series("Retried", "reviews/default")), "not by store");
        for metric in ["Rejected", "Parked", "Missing"] {
            assert_eq!(all[&series(metric, "reviews")], [0.0]);
            assert_eq!(all[&series(metric, "reviews/default")], [0.0]);
        }
        let again = sums(&flushed(&mut metrics));
        assert_eq!(again.keys().filter(|(metric, _)| metric == "Delivered").count(), 0, "written once");
    }

    #[test]
    fn an_invocation_without_anything_still_says_zero() {
        let lines = flushed(&mut metrics());
        assert_eq!(lines.len(), 1);
        let expected = Metric::ALWAYS.map(|metric| (series(metric.name(), "reviews"), vec![0.0]));
        assert_eq!(extracted(&lines), BTreeMap::from(expected));
    }

    #[test]
    fn counts_without_a_store_are_the_flows_alone() {
        let mut metrics = metrics();
        metrics.count(Metric::Rejected, None, 2);
        metrics.count(Metric::Rejected, Some("us"), 1);
        metrics.count(Metric::Parked, Some("eu"), 1);
        metrics.count(Metric::OrdersFetched, None, 9);
        let lines = flushed(&mut metrics);
        assert_eq!(lines.len(), 3);
        let sums = sums(&lines);
        assert!((sums[&series("Rejected", "reviews")] - 3.0).abs() < 1e-9);
        assert!((sums[&series("Rejected", "reviews/us")] - 1.0).abs() < 1e-9);
        assert!((sums[&series("Rejected", "reviews/eu")]).abs() < 1e-9);
        assert!((sums[&series("OrdersFetched", "reviews")] - 9.0).abs() < 1e-9);
    }

    #[test]
    fn over_a_hundred_values_take_further_lines() {
        let mut metrics = metrics();
        let calls: Vec<f64> = (0..250).map(f64::from).collect();
        for call in &calls {
            metrics.measure(Metric::VendorCallMs, *call);
        }
        metrics.count(Metric::Delivered, Some("default"), 250);
        let lines = flushed(&mut metrics);
        assert_eq!(lines.len(), 3);
        let all = extracted(&lines);
        assert_eq!(all[&series("VendorCallMs", "reviews")], calls);
        assert_eq!(all[&series("Delivered", "reviews/default")], [250.0]);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let mut metrics = metrics();
        metrics.measure(Metric::QuotaUsed, f64::NAN);
        assert!(!extracted(&flushed(&mut metrics)).contains_key(&series("QuotaUsed", "reviews")));
    }

    /// DESIGN section 3 has these names, and tools rely on them.
    #[test]
    fn the_names_are_those_of_the_contract() {
        let contract = "OrdersFetched OrdersEnqueued OrdersSkipped Delivered AlreadyDelivered Retried Uncertain Rejected \
                        Parked Confirmed Missing OpenDeliveries OldestOpenSeconds OldestUncertainSeconds DaysSettled \
                        DaysOverdue QuietDays QuotaUsed CredentialDaysLeft DeliveryLatencyMs VendorCallMs RateLimited OrdersOutside \
                        WebhookReceived WebhookRefused WebhookUnhandled ApiVersionOther DataRequested Unchanged Mended \
                        LoginFailed OverLimit TotalsDiffer SilentShops BalancesDiffer PausedHours";
        assert_eq!(ALL.map(Metric::name).join(" "), contract);
        let by_store: Vec<_> = ALL.into_iter().filter(|metric| metric.is_by_store()).collect();
        assert_eq!(by_store, [Metric::Delivered, Metric::Rejected, Metric::Parked, Metric::Missing]);
    }

    const ALL: [Metric; 36] = Metric::ALL;

    proptest! {
        /// Whatever is put in comes out: per flow everything, per store what has a series a store.
        #[test]
        fn nothing_is_lost_or_doubled(
            puts in prop::collection::vec(
                (0..ALL.len(), prop::option::of(prop::sample::select(vec!["us", "eu"])), 0_u16..5),
                0..700,
            ),
        ) {
            let mut metrics = metrics();
            let mut expected: BTreeMap<(String, String), f64> = BTreeMap::new();
            for (index, store, n) in puts {
                let metric = ALL[index];
                metrics.count(metric, store, n.into());
                *expected.entry(series(metric.name(), "reviews")).or_default() += f64::from(n);
                if let Some(store) = store.filter(|_| metric.is_by_store()) {
                    *expected.entry(series(metric.name(), &format!("reviews/{store}"))).or_default() += f64::from(n);
                }
            }
            let sums = sums(&flushed(&mut metrics));
            for (series, sum) in &sums {
                let expected = expected.get(series).copied().unwrap_or_default();
                prop_assert!((expected - sum).abs() < 1e-9, "{:?}: {} is {}", series, expected, sum);
            }
            for series in expected.keys() {
                prop_assert!(sums.contains_key(series), "{:?}", series);
            }
        }
    }
}
