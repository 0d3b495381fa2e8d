//! `relay order`.

use super::{assert_refused, outside::Outside, relay, relay_json, transcript::shown};
use crate::stage::Stage;
use chrono::Utc;
use sandbox::{DaySpec, Expected, Manifest, Rule, salesforce, yotpo};
use serde_json::Value;

fn one(manifest: &Manifest, kind: &str) -> Expected {
    manifest.expected.iter().find(|e| e.kind == kind).unwrap_or_else(|| panic!("no {kind}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_an_order_is_told_by_all_who_know_it() {
    let stage = Stage::set().await;
    let spec = DaySpec { first_number: Some(100), ..Stage::yesterday(40) };
    let manifest = stage.sandbox.seed_day(&spec).unwrap();
    stage.deliver_all(&manifest).await;
    let day = spec.business_day.to_string();
    let before = Outside::of(&stage).await;

    let delivered = one(&manifest, "Ordinary");
    let ran = shown(&stage, "order", &format!("relay order {}", delivered.order_id));
    assert_eq!(ran.code, 0, "{ran:?}");
    let life = relay_json(&stage, 0, &["order", &delivered.order_id]);
    assert_eq!((&life["flow"], &life["source"]["id"]), (&"reviews".into(), &delivered.id.as_str().into()));
    assert_eq!((&life["source"]["business_day"], &life["source"]["fate"]), (&day.clone().into(), &"send".into()));
    assert_eq!((&life["ledger"]["state"], &life["ledger"]["attempts"]), (&"accepted".into(), &1.into()));
    assert_eq!(life["ledger"]["source_is_newer"], false);
    let products: Vec<&str> = delivered.products.iter().map(String::as_str).collect();
    assert_eq!(
        (&life["destination"]["found"], &life["destination"]["products"]),
        (&true.into(), &serde_json::json!(products))
    );
    // The same by its Salesforce id in its short form.
    let by_id = relay_json(&stage, 0, &["order", &delivered.id[..15]]);
    assert_eq!((&by_id["source"], &by_id["ledger"]), (&life["source"], &life["ledger"]));

    let refused = relay_json(&stage, 0, &["order", &one(&manifest, "RefusedByYotpo").order_id]);
    assert_eq!((&refused["ledger"]["state"], &refused["destination"]["found"]), (&"rejected".into(), &false.into()));
    let letter = &refused["messages"][0];
    assert_eq!(
        (&letter["queue"], &letter["error_class"]),
        (&"dead-letter queue".into(), &"bad_record".into()),
        "{refused}"
    );
    assert!(letter["error"].as_str().unwrap().contains("Yotpo refused it"), "{refused}");
    let parked = relay_json(&stage, 0, &["order", &one(&manifest, "UnknownStore").id]);
    assert_eq!((&parked["ledger"]["state"], &parked["messages"].as_array().unwrap().len()), (&"parked".into(), &1));
    assert!(parked["notes"][0].as_str().unwrap().contains("Yotpo was not asked"), "{parked}");
    let open = relay_json(&stage, 0, &["order", &one(&manifest, "NotCompleted").order_id]);
    assert_eq!((&open["source"]["completed"], &open["ledger"]), (&false.into(), &Value::Null));

    // Nothing personal unasked; all of it when asked.
    let email = delivered.email.as_deref().unwrap();
    for silent in [&life, &refused, &parked] {
        assert!(!silent.to_string().contains('@'), "{silent}");
    }
    let told = relay_json(&stage, 0, &["order", &delivered.order_id, "--payload"]);
    assert_eq!(told["source"]["payload"]["email"], email);
    assert_eq!(
        told["source"]["payload"],
        stage.sandbox.yotpo.arrival(crate::stage::ACCOUNT, &delivered.order_id).unwrap().body
    );
    let told = relay_json(&stage, 0, &["order", &one(&manifest, "RefusedByYotpo").order_id, "--payload"]);
    assert!(told["messages"][0]["payload"]["purchase"]["email"].is_string(), "{told}");

    // Whoever nobody knows.
    let nobody = relay_json(&stage, 1, &["order", "no-such-order"]);
    assert_eq!(
        (&nobody["source"], &nobody["ledger"], &nobody["failed"]),
        (&Value::Null, &Value::Null, &serde_json::json!({}))
    );
    for (arguments, says) in [
        (&["order"][..], "<ORDER>"),
        (&["order", " "], "Salesforce id"),
        (&["order", "7", "--pages", "few"], "--pages"),
    ] {
        assert_refused(&stage, arguments, says);
    }
    assert_eq!(Outside::of(&stage).await, before);

    // The source goes on: the ledger is behind it, and the destination keeps what it has.
    stage.sandbox.salesforce.touch("Order", &delivered.order_id, Utc::now()).unwrap();
    assert_eq!(relay_json(&stage, 0, &["order", &delivered.order_id])["ledger"]["source_is_newer"], true);
    stage.sandbox.salesforce.remove("Order", &delivered.id).unwrap();
    let gone = relay_json(&stage, 0, &["order", &delivered.id]);
    assert_eq!((&gone["source"], &gone["ledger"]["state"]), (&Value::Null, &"accepted".into()));
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_does_not_answer_hides_none_of_the_others() {
    let stage = Stage::set().await;
    let spec = DaySpec { awkward: false, ..Stage::yesterday(5) };
    let manifest = stage.sandbox.seed_day(&spec).unwrap();
    stage.sandbox.add_fault(Rule::outage(yotpo::CREATE, None));
    stage.produce(Utc::now()).await;
    let order = manifest.expected[0].clone();
    let standing = |life: &Value| life["ledger"]["state"].as_str().unwrap_or_default().to_owned();
    stage
        .until("it was tried", async || {
            let life = relay_json(&stage, 0, &["order", &order.id]);
            let tried = life["ledger"]["attempts"].as_u64().unwrap_or(0) > 0 && standing(&life) == "pending";
            let seen = !life["messages"].as_array().unwrap().is_empty();
            // On its way it is in the queue or hidden, and somebody says so.
            assert!(!tried || seen || life["notes"][0].as_str().unwrap().contains("hidden"), "{life}");
            tried
        })
        .await;
    stage.sandbox.clear_faults();
    stage.drained().await;

    let faults = [(salesforce::ANY_CALL, "source"), (yotpo::ANY_CALL, "destination")];
    for (vendor, place) in faults {
        stage.sandbox.add_fault(Rule::unreachable(vendor, None));
        let life = relay_json(&stage, 3, &["order", &order.id]);
        assert_eq!(life["failed"].as_object().unwrap().keys().collect::<Vec<_>>(), [place], "{life}");
        assert_eq!((standing(&life).as_str(), life[place].is_null()), ("accepted", true), "{life}");
        let ran = relay(&stage, &["order", &order.id]);
        assert!(ran.code == 3 && ran.out.contains("not known") && ran.out.contains("accepted"), "{ran:?}");
        stage.sandbox.clear_faults();
    }
    // By its order id alone the ledger cannot be asked without the source, and says so.
    stage.sandbox.add_fault(Rule::unreachable(salesforce::ANY_CALL, None));
    let life = relay_json(&stage, 3, &["order", &order.order_id]);
    assert!(life["failed"]["ledger"].as_str().unwrap().contains("by their Salesforce id"), "{life}");
    assert_eq!(stage.assert_nothing_lost_or_doubled(&manifest), 5);
    stage.assert_logs(&manifest);
}
