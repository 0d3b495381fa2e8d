//! `relay settings` and `relay plan`; and that no file is needed where the stack's own settings are meant.

use super::{Ran, outside::Outside, relay_json, transcript::shown, typed};
use crate::stage::Stage;
use sandbox::{Outcome, yotpo};

/// `relay` typed where there is no settings' file.
fn without_a_file(stage: &Stage, arguments: &[&str]) -> Ran {
    let mut command = typed(stage, arguments);
    Ran::of(command.env_remove("RELAY_CONFIG").output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_hands_out_its_settings() {
    let stage = Stage::set().await;
    let file = std::fs::read_to_string(stage.relay_toml()).unwrap();
    let ran = without_a_file(&stage, &["settings"]);
    assert_eq!((ran.code, ran.out), (0, file.clone()), "{}", ran.err);
    let json = without_a_file(&stage, &["settings", "--json"]).json();
    assert_eq!(json["toml"], file);

    // What reads and what changes something works by them, from any folder.
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(20)).unwrap();
    assert!(manifest.expected.iter().any(|order| order.outcome == Outcome::Delivered));
    let ran = without_a_file(&stage, &["run", "--day", "yesterday", "--yes", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    stage.drained().await;
    assert!(!stage.sandbox.yotpo.arrivals().is_empty());

    // A function that cannot start hands them out as well.
    stage.kill("reviews-producer");
    stage.stack.put_secret("salesforce", &serde_json::json!({})).unwrap();
    assert_eq!(without_a_file(&stage, &["settings"]).out, file);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_what_other_settings_would_change_and_changes_nothing() {
    let stage = Stage::set().await;
    stage.sandbox.seed_day(&sandbox::DaySpec { first_number: Some(100), ..Stage::yesterday(40) }).unwrap();
    let deployed = std::fs::read_to_string(stage.relay_toml()).unwrap();
    let new = stage.directory().join("new.toml");
    let write = |from: &str, to: &str| {
        assert!(deployed.contains(from), "{from}");
        std::fs::write(&new, deployed.replacen(from, to, 1)).unwrap();
    };
    let before = Outside::of(&stage).await;

    // Comments are no change.
    std::fs::write(&new, format!("# mine\n{deployed}")).unwrap();
    let same = relay_json(&stage, 0, &["plan", "--config", new.to_str().unwrap()]);
    assert_eq!((&same["keys"], &same["orders"]), (&serde_json::json!([]), &serde_json::Value::Null));

    // A field that buyers' addresses are not in.
    write("email = [\"BillToContact.Email\", \"Account.PersonEmail\"]", "email = [\"PoNumber\"]");
    let plan = relay_json(&stage, 1, &["plan", "--config", new.to_str().unwrap(), "--days", "2"]);
    assert_eq!(plan["keys"][0]["key"], "salesforce.email", "{plan}");
    let orders = &plan["orders"];
    let count = |name: &str| orders[name].as_u64().unwrap();
    let changes = orders["changes"].as_object().unwrap();
    assert!(changes["not_sent"].as_u64().unwrap() > 20, "{orders}");
    let otherwise: u64 = changes.values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(otherwise + count("unchanged"), count("completed"), "{orders}");
    assert_eq!(orders["changed"][0]["new"], "no_email");
    assert!(!plan.to_string().contains('@'), "no buyer is named");
    let ran = shown(&stage, "plan", "relay plan --config ./new.toml --days 2");
    assert_eq!(ran.code, 1, "{ran:?}");

    assert_eq!(Outside::of(&stage).await, before);
    assert_eq!(stage.sandbox.yotpo.arrivals().len(), 0);
    assert_eq!(super::outside::calls(&stage, yotpo::TOKEN), 0, "Yotpo is not asked for anything");
}
