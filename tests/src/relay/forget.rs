//! `relay forget`.

use super::{
    assert_refused,
    letters::{AT_ONCE, arrived, ledger, night, notes, record, refuse, send, stage, waiting, world},
    relay, relay_json,
    transcript::shown,
};
use crate::stage::Setting;
use chrono::Utc;
use sandbox::{Fault, Moment, Rule, yotpo};
use serde_json::json;

const JANE: [&str; 2] = ["--email", "JANE.doe@example.com "];

#[tokio::test(flavor = "multi_thread")]
async fn what_the_queues_hold_of_a_person_goes_and_nothing_else() {
    let orders = [
        ("7001", "default", "jane.doe@example.com"),
        ("7002", "default", "other@example.com"),
        ("7003", "default", "Jane.Doe@Example.com"),
    ];
    let (stage, ids) = stage(&orders, Setting::default()).await;
    let none = relay_json(&stage, 0, &[&["forget"][..], &JANE].concat());
    assert_eq!((&none["in_queue"], &none["in_dead_letter_queue"]), (&json!(0), &json!(0)));
    refuse(&stage, &["7001", "7002"]);
    night(&stage).await;
    stage.sandbox.clear_faults();
    send(&stage, "ReviewsDeadLetterQueueUrl", "{\"email\": \"jane.doe@example.com\"");
    let before = world(&stage).await;
    let dry = shown(&stage, "forget", "relay forget --older-than 0s --email jane.doe@example.com");
    assert_eq!(dry.code, 0, "{dry:?}");
    for address in ["", "jane", "jane@", "@example.com"] {
        assert_refused(&stage, &["forget", "--email", address, "--yes"], "no e-mail address");
    }
    assert_refused(&stage, &["forget"], "--email");
    // What has just come is left alone by default.
    let young = relay_json(&stage, 1, &[&["forget"][..], &JANE].concat());
    assert_eq!(young["too_young"], 1, "{young}");
    assert_eq!(world(&stage).await, before, "whoever looks changes nothing");

    let forgotten = relay_json(&stage, 0, &[&["forget", "--yes"][..], &JANE, &AT_ONCE].concat());
    assert_eq!((&forgotten["erased"], &forgotten["in_dead_letter_queue"]), (&json!(2), &json!(2)), "{forgotten}");
    assert_eq!(forgotten["orders"], json!([format!("reviews/{}", ids[0])]));
    assert_eq!(waiting(&stage).await, 1);
    assert_eq!(record(&stage, &ids[0], "reason").as_deref(), Some("dismissed: forgotten"));
    assert_eq!(record(&stage, &ids[2], "state").as_deref(), Some("accepted"), "what was sent stays known");
    assert_eq!(notes(&stage), ["forget begun", "forget ended"]);
    assert!(!format!("{:?}", ledger(&stage)).to_lowercase().contains("jane"), "the ledger holds nothing personal");
    relay_json(&stage, 0, &[&["forget"][..], &JANE, &AT_ONCE].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_the_queue_is_taken_out_before_it_is_sent() {
    let orders = [("8001", "default", "jane.doe@example.com"), ("8002", "default", "other@example.com")];
    let settings = &[("protocol", "backoff_base", "\"4s\""), ("protocol", "backoff_cap", "\"4s\"")];
    let (stage, ids) = stage(&orders, Setting { settings, ..Setting::default() }).await;
    stage.sandbox.add_fault(Rule::outage(yotpo::CREATE, None));
    stage.produce(Utc::now()).await;
    stage
        .until("both were tried", async || {
            arrived(&stage, "8001").0 > 0 || !stage.logged("to be tried again").is_empty()
        })
        .await;
    // Between two attempts nobody can see them: the command says so, and is run again.
    stage
        .until("she is forgotten", async || {
            let ran = relay(&stage, &[&["forget", "--yes", "--json"][..], &JANE].concat());
            let answer = ran.json();
            let left = ["unseen", "under_way"].iter().any(|name| answer[*name].as_u64() > Some(0));
            assert_eq!(ran.code, i32::from(left), "{ran:?}");
            answer["erased"] == 1
        })
        .await;
    assert_eq!(record(&stage, &ids[0], "state").as_deref(), Some("rejected"));
    stage.sandbox.clear_faults();
    stage.drained().await;
    assert_eq!((arrived(&stage, "8001").1, arrived(&stage, "8002").1), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_being_made_is_reported() {
    let settings = &[("protocol", "call_timeout", "\"12s\"")];
    let parameters = &[("ConsumerTimeoutSeconds", "40"), ("QueueVisibilitySeconds", "50")];
    let setting = Setting { settings, parameters, ..Setting::default() };
    let (stage, ids) = stage(&[("9001", "default", "jane.doe@example.com")], setting).await;
    refuse(&stage, &["9001"]);
    night(&stage).await;
    let shown = relay_json(&stage, 0, &["dlq", "show", "--bodies"]);
    stage.sandbox.clear_faults();
    // It takes longer than all that is done meanwhile, and a copy lies in the dead-letter queue.
    let slow = Fault::Delay { ms: 6_000, moment: Moment::Before };
    stage.sandbox.add_fault(Rule::always(yotpo::TOKEN, slow.clone()));
    stage.sandbox.add_fault(Rule::always(yotpo::CREATE, slow));
    stage.sandbox.yotpo.expire_utokens();
    stage.kill("reviews-consumer");
    relay_json(&stage, 0, &[&["dlq", "redrive", "--yes"][..], &AT_ONCE].concat());
    stage.until("it is claimed", async || record(&stage, &ids[0], "state").as_deref() == Some("claimed")).await;
    send(&stage, "ReviewsDeadLetterQueueUrl", shown["messages"][0]["body"].as_str().unwrap());
    let answer = relay_json(&stage, 1, &[&["forget", "--yes"][..], &JANE, &AT_ONCE].concat());
    let seen = ["erased", "under_way", "unseen"].map(|name| answer[name].as_u64().unwrap());
    assert_eq!(seen, [0, 1, 1], "{answer}");
    stage.drained().await;
    assert_eq!(arrived(&stage, "9001"), (2, 1));
    let answer = relay_json(&stage, 0, &[&["forget", "--yes"][..], &JANE, &AT_ONCE].concat());
    assert_eq!(answer["erased"], 1, "{answer}");
    assert_eq!(record(&stage, &ids[0], "state").as_deref(), Some("accepted"));
}
