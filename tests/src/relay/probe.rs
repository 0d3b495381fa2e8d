//! `relay probe`.

use super::{assert_refused, outside::Outside, relay, relay_json, transcript::shown};
use crate::stage::{ACCOUNT, Stage};
use chrono::{Days, Utc};
use sandbox::{Fault, Rule, SinceDate, yotpo};
use serde_json::{Value, json};

const PROBE: [&str; 6] = ["probe", "yotpo", "--store", "default", "--email", "operator@example.com"];

/// Posts, and the verdicts in the order of the questions.
fn verdicts(stage: &Stage, code: i32, more: &[&str]) -> (Value, Vec<String>) {
    let probed = relay_json(stage, code, &[&PROBE[..], &["--yes"], more].concat());
    assert_eq!(probed["sent"], true);
    let verdicts = probed["findings"].as_array().unwrap().iter().map(|finding| finding["verdict"].as_str().unwrap());
    let verdicts = verdicts.map(str::to_owned).collect();
    (probed, verdicts)
}

/// What arrived of a probe: order id, posts, effects, repeats, date.
fn arrived(stage: &Stage, probed: &Value) -> Vec<(u64, u64, u64, Value)> {
    let ids = probed["posts"].as_array().unwrap().iter().map(|post| post["order_id"].as_str().unwrap());
    let ids = ids.collect::<std::collections::BTreeSet<_>>();
    let arrivals = ids.into_iter().filter_map(|id| stage.sandbox.yotpo.arrival(ACCOUNT, id));
    arrivals.map(|a| (a.posted, a.effects, a.repeats, a.body["order_date"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_yotpo_does_is_held_against_what_is_assumed() {
    let stage = Stage::set().await;
    let before = Outside::of(&stage).await;
    let dry = relay(&stage, &PROBE);
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(dry.out.contains("nothing was changed; add --yes") && dry.out.contains("account …ault"), "{dry:?}");
    assert!(!format!("{dry:?}").contains("operator@"), "{dry:?}");
    assert_eq!(Outside::of(&stage).await, before);
    assert_eq!(relay_json(&stage, 0, &PROBE)["sent"], false);
    assert_eq!(stage.sandbox.report().counters.get(&yotpo::TOKEN), None, "nobody logged in");

    let line = format!("relay {} --yes", PROBE.join(" "));
    let ran = shown(&stage, "probe", &line);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (probed, found) = verdicts(&stage, 0, &[]);
    assert_eq!(found, ["holds", "holds", "holds"], "{probed}");
    let today = Utc::now().date_naive();
    let [new, old] = [today, today - Days::new(10)].map(|day| json!(day.to_string()));
    assert_eq!(arrived(&stage, &probed), [(2, 1, 1, new), (1, 1, 0, old)]);
    assert!(probed["findings"][2]["found"].as_str().unwrap().starts_with("the time of creation"), "{probed}");

    stage.sandbox.yotpo.set(|settings| (settings.since_date, settings.repeats_create) = (SinceDate::OrderDate, true));
    let (probed, found) = verdicts(&stage, 1, &[]);
    assert_eq!(found, ["holds", "does_not_hold", "holds"], "{probed}");
    assert_eq!(probed["findings"][1]["found"], "rows created by the second post: 1");
    assert!(probed["findings"][2]["found"].as_str().unwrap().starts_with("the order's date"), "{probed}");

    let after = Outside::of(&stage).await;
    assert!(after.is_same_here(&before), "{before:?} {after:?}");
    stage.sandbox.yotpo.set(|settings| settings.repeats_create = false);
    slow(&stage);
    refused(&stage).await;
    never(&stage);
}

/// Yotpo takes its time.
fn slow(stage: &Stage) {
    stage.sandbox.yotpo.set(|settings| settings.appear_after_ms = 1_500);
    stage.deploy_settings("missing_after = \"6h\"", "missing_after = \"1s\"");
    let (probed, found) = verdicts(stage, 1, &[]);
    assert_eq!(found, ["does_not_hold", "holds", "holds"], "{probed}");
    stage.deploy_settings("missing_after = \"1s\"", "missing_after = \"6h\"");
    stage.sandbox.yotpo.set(|settings| settings.appear_after_ms = 0);
}

/// Purchases are shown in the order in which they came: what comes after this is not shown either.
fn never(stage: &Stage) {
    stage.sandbox.yotpo.set(|settings| settings.appear_after_ms = 600_000);
    let (probed, found) = verdicts(stage, 1, &["--patience", "1s"]);
    assert_eq!(found, ["not_found_out", "not_found_out", "not_found_out"], "{probed}");
    assert_eq!(arrived(stage, &probed).len(), 1, "what nobody can read back is not posted on");
}

async fn refused(stage: &Stage) {
    let before = Outside::of(stage).await;
    for (arguments, says) in [
        (
            &["probe", "yotpo", "--store", "nowhere", "--email", "operator@example.com", "--yes"][..],
            "the settings have: default",
        ),
        (&["probe", "yotpo", "--store", "default", "--email", "nobody", "--yes"], "`--email` is no address"),
        (&["probe", "yotpo", "--store", "default", "--yes"], "--email"),
        (&["probe", "loyalty"], "loyalty"),
        (&[&PROBE[..], &["--yes", "--patience", "soon"]].concat(), "--patience"),
    ] {
        assert_refused(stage, arguments, says);
    }
    assert_eq!(Outside::of(stage).await, before);

    // Looked for again after a failure that passes; one that does not is said.
    stage.sandbox.add_fault(Rule { next: Some(1), ..Rule::always(yotpo::READ, Fault::status(503)) });
    assert_eq!(verdicts(stage, 0, &[]).1, ["holds", "holds", "holds"]);
    for (endpoint, status, says) in [
        (yotpo::CREATE, 503, "could not post `relay-probe-"),
        (yotpo::READ, 503, "could not read the account's purchases"),
        (yotpo::TOKEN, 401, "refuses the app key"),
    ] {
        stage.sandbox.yotpo.expire_utokens();
        stage.sandbox.add_fault(Rule::always(endpoint, Fault::status(status)));
        let ran = relay(stage, &[&PROBE[..], &["--yes", "--patience", "2s"]].concat());
        assert!(ran.code == 3 && ran.err.contains(says) && !ran.err.contains("operator@"), "{endpoint:?}: {ran:?}");
        stage.sandbox.clear_faults();
    }
}
