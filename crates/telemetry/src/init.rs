//! Setting logging up, once, before anything else.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{filter::Targets, registry};

use crate::lines::Lines;

/// The crates that log at the level asked for, by the beginning of their names: those of ours that run in a function, but `aws`,
/// which says nothing and would take the SDK's crates with it. Others are heard from warnings on: at finer levels HTTP stacks
/// print headers and bodies, and with them tokens and customers.
pub const OURS: [&str; 18] = [
    "config",
    "delivery",
    "erp",
    "function",
    "ledger",
    "loyalty",
    "netsuite",
    "org",
    "queue",
    "reconciliation",
    "rest",
    "reviews",
    "rollout",
    "salesforce",
    "secrets",
    "shopify",
    "telemetry",
    "yotpo",
];

/// Where Lambda's runtime prints by `Debug` what the functions say of a failure themselves, in a line that is an event of ours.
const SAID_ELSEWHERE: &str = "lambda_runtime::layers::panic";

/// The log level is none.
#[derive(Debug, thiserror::Error)]
#[error("misconfigured: log level {level:?}: expected one of off, error, warn, info, debug and trace")]
pub struct UnknownLevel {
    level: String,
}

/// From here on the process logs to standard output, a line of JSON an event, from `level` on (`LOG_LEVEL`; `info`).
/// `function` is the name that lines carry. A second call changes nothing.
///
/// Panics become log lines too, with their place and without their message, which may quote data.
pub fn init(function: &str, level: &str) -> Result<(), UnknownLevel> {
    if subscriber(function, parse(level)?, io::stdout).try_init().is_ok() {
        log_panics();
    }
    Ok(())
}

/// The lines of `function` from `level` on, written to `writer` by whoever runs under it: where functions share a process.
pub fn dispatch<W>(function: &str, level: &str, writer: W) -> Result<Dispatch, UnknownLevel>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    Ok(Dispatch::new(subscriber(function, parse(level)?, writer)))
}

fn parse(level: &str) -> Result<LevelFilter, UnknownLevel> {
    level.parse().map_err(|_| UnknownLevel { level: level.to_owned() })
}

pub(crate) fn subscriber<W>(function: &str, level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let levels = Targets::new().with_default(level.min(LevelFilter::WARN)).with_targets(OURS.map(|name| (name, level)));
    let levels = levels.with_target(SAID_ELSEWHERE, LevelFilter::OFF);
    registry().with(levels).with(Lines::new(function, writer))
}

pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(error_class = "internal", place, "panicked");
    }));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing::{debug, error, info, info_span, warn};

    use super::*;
    use crate::{delivery, invocation};

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What `say` logs, as lines and parsed.
    fn logged(level: &str, say: impl FnOnce()) -> Vec<(String, Value)> {
        let paper = Paper::default();
        let writer = paper.clone();
        let subscriber = subscriber("reviews-consumer", level.parse().unwrap(), move || writer.clone());
        tracing::subscriber::with_default(subscriber, say);
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| (line.to_owned(), serde_json::from_str(line).unwrap())).collect()
    }

    fn times(line: &str, key: &str) -> usize {
        line.matches(&format!("\"{key}\":")).count()
    }

    #[test]
    fn a_line_before_the_first_invocation_says_init() {
        let lines = logged("info", || info!(orders = 3, "ready"));
        let [(_, line)] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line["function"], "reviews-consumer");
        assert_eq!(line["request_id"], "init");
        assert_eq!(line["message"], "ready");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["orders"], 3);
        assert_eq!(line["target"], "telemetry::init::tests");
        let at = line["timestamp"].as_str().unwrap();
        assert_eq!((at.len(), &at[19..20], &at[23..]), (24, ".", "Z"), "{at}");
    }

    #[test]
    fn a_line_carries_what_the_spans_around_it_say_each_key_once() {
        let lines = logged("error", || {
            let invocation = invocation("r-1", Some("t-1")).entered();
            let delivery = delivery("reviews/801", None).entered();
            error!(delivery_key = "reviews/802", level = "mine", function = "mine", "odd");
            drop(delivery);
            error!("between");
            drop(invocation);
            error!("after");
        });
        assert_eq!(lines.len(), 3);
        for (line, _) in &lines {
            for key in ["timestamp", "level", "message", "function", "request_id", "target"] {
                assert_eq!(times(line, key), 1, "{key} in {line}");
            }
        }
        let (odd, odd_json) = &lines[0];
        assert_eq!(times(odd, "delivery_key"), 1, "{odd}");
        assert_eq!(odd_json["delivery_key"], "reviews/802");
        assert_eq!(odd_json["request_id"], "r-1");
        assert_eq!(odd_json["trace_id"], "t-1");
        assert_eq!(odd_json["function"], "reviews-consumer");
        assert_eq!(odd_json["level"], "ERROR");
        assert!(lines[1].1.get("delivery_key").is_none());
        assert_eq!(lines[1].1["request_id"], "r-1");
        assert_eq!(lines[2].1["request_id"], "r-1", "a task of the last invocation");
    }

    #[test]
    fn a_line_about_a_delivery_has_the_trace_of_its_message() {
        let header = |id: &str| format!("Parent=53995c3f42cd8ad8;Root={id};Sampled=1");
        let lines = logged("info", || {
            let _invocation = invocation("r-1", Some(&header("1-2-3"))).entered();
            info!("begins");
            let _delivery = delivery("reviews/801", Some(&header("1-4-5"))).entered();
            info!("delivered");
        });
        let ids: Vec<_> = lines.iter().map(|(_, line)| line["trace_id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["1-2-3", "1-4-5"]);
    }

    #[test]
    fn an_inner_span_and_a_later_record_win() {
        let lines = logged("info", || {
            let _invocation = invocation("r-1", None).entered();
            let inner = info_span!("inner", request_id = "r-2", status = tracing::field::Empty).entered();
            inner.record("status", 429);
            info!("limited");
        });
        assert_eq!(lines[0].1["request_id"], "r-2");
        assert_eq!(lines[0].1["status"], 429);
        assert_eq!(times(&lines[0].0, "request_id"), 1);
    }

    #[test]
    fn an_error_is_logged_with_its_chain() {
        #[derive(Debug, thiserror::Error)]
        #[error("no answer")]
        struct Outer(#[source] std::num::ParseIntError);

        let outer = Outer("x".parse::<i32>().unwrap_err());
        let lines = logged("info", || {
            warn!(error = &outer as &dyn std::error::Error, "a try failed\nfor good");
        });
        assert_eq!(lines[0].1["error"], "no answer: invalid digit found in string");
        assert_eq!(lines[0].1["message"], "a try failed\nfor good");
    }

    #[test]
    fn a_level_is_ours_and_others_are_heard_from_warnings_on() {
        let lines = logged("debug", || {
            debug!("ours");
            debug!(target: "hyper::proto", "a body");
            info!(target: "aws_smithy_runtime", "headers");
            warn!(target: "hyper::proto", "a warning");
        });
        let said: Vec<_> = lines.iter().map(|(_, line)| line["message"].as_str().unwrap()).collect();
        assert_eq!(said, ["ours", "a warning"]);
        assert!(logged("off", || error!("nothing")).is_empty());
        let error = init("f", "verbose").unwrap_err();
        assert!(error.to_string().contains("\"verbose\": expected one of off"));
    }

    #[test]
    fn a_panic_is_a_line_with_its_place_and_without_its_message() {
        let lines = logged("info", || {
            log_panics();
            let panicked = std::panic::catch_unwind(|| panic!("jane@example.com"));
            drop(std::panic::take_hook());
            assert!(panicked.is_err());
        });
        assert_eq!(lines[0].1["message"], "panicked");
        assert!(lines[0].1["place"].as_str().unwrap().contains("init.rs:"));
        assert!(!lines[0].0.contains("jane"));
    }
}
