//! `relay preview`.

use super::{
    assert_refused,
    outside::{Outside, calls},
    relay, relay_json,
    transcript::shown,
};
use crate::stage::{Stage, expected};
use chrono::Utc;
use sandbox::{Outcome, Rule, salesforce, yotpo};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_what_a_run_then_does_and_does_nothing() {
    let stage = Stage::set().await;
    stage.sandbox.salesforce.set(|settings| settings.page_size = Some(15));
    let spec = sandbox::DaySpec { first_number: Some(100), ..Stage::yesterday(40) };
    let manifest = stage.sandbox.seed_day(&spec).unwrap();
    let day = spec.business_day.to_string();
    // An order without completion date is no day's.
    let is_parked = |o: &Outcome| matches!(o, Outcome::Parked { reason } if reason == "unknown_store");
    let is_sent = |o: &Outcome| matches!(o, Outcome::Delivered | Outcome::Rejected);

    let before = Outside::of(&stage).await;
    let ran = shown(&stage, "preview", "relay preview --day yesterday --limit 3");
    assert_eq!(ran.code, 0, "{ran:?}");
    let all = relay_json(&stage, 0, &["preview", "--day", &day]);
    assert_eq!(Outside::of(&stage).await, before);
    assert_eq!(calls(&stage, yotpo::TOKEN), 0, "Yotpo is not asked for anything");
    assert!(!all.to_string().contains('@') && !ran.out.contains('@'), "no buyer is named unasked");

    let counts = &all["counts"];
    assert_eq!(counts["send"], expected(&manifest, is_sent), "{all}");
    assert_eq!(counts["park"]["unknown_store"], expected(&manifest, is_parked));
    let skipped = expected(&manifest, |o| matches!(o, Outcome::Skipped { reason } if reason == "no_email"));
    assert_eq!(counts["skip"]["no_email"], skipped);
    let (orders, completed) = (all["orders"].as_array().unwrap(), counts["completed"].as_u64().unwrap());
    assert_eq!(orders.len() as u64, completed);

    // One order, by either of its names, with what Yotpo then gets.
    let one = manifest.expected.iter().find(|e| e.outcome == Outcome::Delivered).unwrap();
    let by_id = relay_json(&stage, 0, &["preview", "--order", &one.id[..15]]);
    let by_number = relay_json(&stage, 0, &["preview", "--order", &one.order_id]);
    assert_eq!(by_id, by_number);
    let payload = &by_id["orders"][0]["payload"];
    assert_eq!((payload["email"].as_str(), payload["validate_data"].as_bool()), (one.email.as_deref(), Some(true)));
    assert_eq!(by_id["counts"]["completed"], 1);
    let none = relay_json(&stage, 1, &["preview", "--order", &one.order_id, "--order", "no-such-order"]);
    assert_eq!((&none["not_found"][0], none["orders"].as_array().unwrap().len()), (&"no-such-order".into(), 1));

    // A run sends just these; the next preview says that there is nothing left to do.
    stage.produce(Utc::now()).await;
    stage.drained().await;
    let posted: BTreeSet<String> = stage.sandbox.yotpo.arrivals().into_iter().map(|a| a.order_id).collect();
    let said = orders.iter().filter(|order| order["fate"] == "send");
    assert_eq!(posted, said.map(|order| order["order_id"].as_str().unwrap().to_owned()).collect());
    assert_eq!(&stage.sandbox.yotpo.arrival(crate::stage::ACCOUNT, &one.order_id).unwrap().body, payload);
    let done = relay_json(&stage, 0, &["preview", "--day", &day]);
    let delivered = expected(&manifest, |o| *o == Outcome::Delivered);
    assert_eq!((&done["counts"]["send"], &done["counts"]["delivered"]), (&0.into(), &delivered.into()), "{done}");
    assert_eq!(done["counts"]["parked"]["unknown_store"], counts["park"]["unknown_store"]);
    assert_eq!(done["counts"]["rejected"].as_object().unwrap().len(), 1, "{done}");
    stage.assert_logs(&manifest);

    wrong_input(&stage);
    stage.sandbox.add_fault(Rule::outage(salesforce::ANY_CALL, None));
    let ran = relay(&stage, &["preview"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(ran.err.contains("Salesforce"), "{ran:?}");
}

fn wrong_input(stage: &Stage) {
    let today = Utc::now().date_naive().to_string();
    for (arguments, says) in [
        (&["preview", "--day", "20-11-2026"][..], "expected a day written YYYY-MM-DD"),
        (&["preview", "--day", &today], "is not over yet"),
        (&["preview", "--store", "nowhere"], "the settings have: default"),
        (&["preview", "--order", ""], "Salesforce id"),
        (&["preview", "--order", "801ro000000abcdyas"], "in their right case"),
        (&["preview", "--limit", "many"], "--limit"),
    ] {
        assert_refused(stage, arguments, says);
    }
}
