//! `relay parked`.

use super::{
    assert_refused,
    letters::{AT_ONCE, arrived, night, notes, record, refuse, stage, waiting, world},
    relay, relay_json,
    transcript::shown,
};
use crate::stage::Setting;
use serde_json::json;
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_no_store_are_released_when_a_store_claims_them() {
    let orders = [
        ("5001", "Nowhere", "a@example.com"),
        ("5002", "default", "b@example.com"),
        ("5003", "Elsewhere", "c@example.com"),
        ("5004", "Nowhere", "d@example.com"),
        ("5005", "Nowhere", "e@example.com"),
    ];
    let (stage, ids) = stage(&orders[..2], Setting::default()).await;
    relay_json(&stage, 0, &["parked", "list"]);
    refuse(&stage, &["5002"]);
    night(&stage).await;
    let before = world(&stage).await;
    assert_eq!(shown(&stage, "parked list", "relay parked list").code, 1);
    let listed = relay_json(&stage, 1, &["parked", "list"]);
    assert_eq!(
        (&listed["deliveries"][0]["reason"], listed["deliveries"].as_array().unwrap().len()),
        (&json!("unknown_store"), 1)
    );
    let rejected = relay_json(&stage, 1, &["parked", "list", "--rejected"]);
    let refused = &rejected["deliveries"][0];
    assert_eq!((&refused["flow"], &refused["key"]), (&json!("reviews"), &json!(format!("reviews/{}", ids[1]))));
    relay_json(&stage, 0, &["parked", "list", "--store", "default"]);
    for (arguments, says) in [
        (&["parked", "release", "--yes"][..], "--all"),
        (&["parked", "release", "--all", "--reason", "x"], "cannot be used with"),
        (&["parked", "release", "--key", &ids[1]], "which is not parked"),
        (&["parked", "release", "--key", "x"], "Salesforce id"),
        (&["parked", "list", "--store", "a b"], "store name"),
    ] {
        assert_refused(&stage, arguments, says);
    }
    // Still of no store: nothing is changed, with --yes either.
    let refused = relay_json(&stage, 1, &["parked", "release", "--all", "--yes"]);
    assert_eq!(refused["orders"][0]["outcome"], "it would be parked again: unknown_store");
    stage.sandbox.add_fault(sandbox::Rule::outage(sandbox::salesforce::ANY_CALL, None));
    let failed = relay(&stage, &["parked", "release", "--all", "--yes"]);
    assert_eq!(failed.code, 3, "{failed:?}");
    stage.sandbox.clear_faults();
    assert_eq!(world(&stage).await, before, "whoever looks changes nothing");

    // Settings that claim them, and are not deployed: what reads says so, what changes something is refused.
    let settings = fs::read_to_string(stage.relay_toml()).unwrap();
    let claims = settings.replace("routes = [\"default\"]", "routes = [\"default\", \"Nowhere\"]");
    let claims_at = stage.directory().join("claims.toml");
    fs::write(&claims_at, claims).unwrap();
    let not_deployed = ["parked", "release", "--all", "--config", claims_at.to_str().unwrap()];
    assert_refused(
        &stage,
        &[&not_deployed[..], &["--yes"], &AT_ONCE].concat(),
        "these settings are not the deployed ones",
    );
    let dry = relay(&stage, &not_deployed);
    assert!(dry.code == 0 && dry.out.starts_with("these settings are not the deployed ones: SHA-256 "), "{dry:?}");
    let dry = relay_json(&stage, 0, &not_deployed);
    let deployed = &dry["settings"]["deployed"]["order-relay-reviews-consumer"];
    assert!(deployed.is_string() && *deployed != dry["settings"]["here"], "{dry}");
    assert_eq!(world(&stage).await, before, "nothing was done");
    stage.deploy_settings("routes = [\"default\"]", "routes = [\"default\", \"Nowhere\"]");
    let dry = shown(&stage, "parked release", "relay parked release --reason unknown_store");
    assert_eq!(dry.code, 0, "{dry:?}");
    assert_eq!(world(&stage).await, before, "a dry run changes nothing");
    let arguments = [&["parked", "release", "--reason", "unknown_store", "--yes"][..], &AT_ONCE].concat();
    let released = relay_json(&stage, 0, &arguments);
    assert_eq!((&released["sent"], &released["orders"][0]["outcome"]), (&json!(1), &json!("sent")), "{released}");
    stage.drained().await;
    assert_eq!(arrived(&stage, "5001"), (1, 1));
    // Its copy is gone; that of what was refused is there.
    assert_eq!(waiting(&stage).await, 1);
    assert_eq!(record(&stage, &ids[0], "state").as_deref(), Some("accepted"));
    assert_eq!(notes(&stage), ["parked release begun", "parked release ended"]);
    relay_json(&stage, 0, &["parked", "list"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_source_does_not_want_sent_stays_parked() {
    let orders = [
        ("6001", "Nowhere", "a@example.com"),
        ("6002", "Nowhere", "b@example.com"),
        ("6003", "Nowhere", "c@example.com"),
    ];
    let (stage, ids) = stage(&orders, Setting::default()).await;
    night(&stage).await;
    stage.deploy_settings("routes = [\"default\"]", "routes = [\"default\", \"Nowhere\"]");
    stage.sandbox.salesforce.remove("Order", &ids[0]).unwrap();
    stage.sandbox.salesforce.patch("Order", &ids[1], &json!({"Is_Test__c": true})).unwrap();
    let arguments = [&["parked", "release", "--all", "--yes"][..], &AT_ONCE].concat();
    let released = relay_json(&stage, 1, &arguments);
    let outcome = |id: &str| {
        let orders = released["orders"].as_array().unwrap();
        let order = orders.iter().find(|order| order["key"] == format!("reviews/{id}")).unwrap();
        order["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(outcome(&ids[0]), "Salesforce has no such completed order");
    assert_eq!(outcome(&ids[1]), "it would be skipped: test_order");
    assert_eq!(outcome(&ids[2]), "sent");
    stage.drained().await;
    assert_eq!([arrived(&stage, "6001"), arrived(&stage, "6002"), arrived(&stage, "6003")], [(0, 0), (0, 0), (1, 1)]);
    for id in &ids[..2] {
        assert_eq!(record(&stage, id, "state").as_deref(), Some("parked"));
    }
    assert_eq!(waiting(&stage).await, 2);
}
