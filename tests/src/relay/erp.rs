//! What the command line says of the erp flow: an order's life, a report, and what NetSuite does that nobody has written down.

use super::{Place, assert_refused, relay, relay_json};
use crate::erp::stage::{SHOP, Stage};
use sandbox::{
    Fault, Rule,
    netsuite::{self, OverLimit},
    shopify::{Mischief, Truth},
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

impl Place for Stage {
    fn emulator(&self) -> &local::Emulator {
        self.emulator
    }

    fn settings(&self) -> PathBuf {
        self.directory().join("relay.toml")
    }

    fn folder(&self) -> &Path {
        self.directory()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_found_by_each_of_its_names_and_a_day_is_reported() {
    let stage = Stage::set().await;
    let plan = stage.orders(8, &Mischief::default());
    stage.send(plan).await;
    stage.drained().await;
    stage.reconcile_until_complete().await;
    let truths = stage.sandbox.shopify.truths();
    let one = truths.iter().find(|truth| !truth.test && !truth.cancelled).unwrap();
    lives(&stage, one);
    nobodys(&stage, one);
    reports(&stage, truths.len());
    // What there is not is said, and what there is instead.
    for arguments in
        [&["run", "--day", "yesterday"][..], &["backfill", "--from", "2026-11-01", "--to", "2026-11-02"], &["preview"]]
    {
        assert_refused(&stage, &[arguments, &["--flow", "erp"]].concat(), "relay certificate --refresh");
    }
    stage.assert_logs();
}

fn lives(stage: &Stage, one: &Truth) {
    let key = format!("erp/{SHOP}/order/{}", one.id);
    let held = stage.sandbox.netsuite.transaction(&format!("shopify_order_{}", one.id)).unwrap();
    let (id, netsuite_id) = (one.id.to_string(), held.id.to_string());
    for named in [key.as_str(), &id, &one.name, &netsuite_id] {
        let life = relay_json(stage, 0, &["order", named]);
        assert_eq!((&life["key"], &life["flow"]), (&json!(key), &json!("erp")), "{named}: {life}");
        assert_eq!((&life["source"]["name"], &life["source"]["fate"]), (&json!(one.name), &json!("send")), "{life}");
        assert_eq!(life["source"]["refunds"], one.refunds.len());
        let parts = life["ledger"].as_array().unwrap();
        let of = |what: &str| parts.iter().find(|part| part["what"] == what).map(|part| part["state"].clone());
        assert_eq!(of("order"), Some(json!("confirmed")), "{life}");
        assert_eq!(life["destination"][0]["id"], netsuite_id, "{life}");
        assert_eq!(life["destination"][0]["external_id"], format!("shopify_order_{id}"));
        assert_eq!(life["failed"], json!({}));
        // Nothing of the buyer unasked.
        let personal = stage.sandbox.shopify.personal();
        let shown = life.to_string();
        assert!(personal.emails.iter().all(|email| !shown.contains(email.as_str())), "{life}");
    }
    let told = relay_json(stage, 0, &["order", &id, "--payload"]);
    assert!(told["source"]["payload"]["order"]["record"]["lines"].is_array(), "{told}");
    let ran = relay(stage, &["order", &one.name]);
    assert!(ran.code == 0 && ran.out.contains(&key) || ran.out.contains(&one.name), "{ran:?}");
    // A vendor that does not answer hides none of the others.
    stage.sandbox.add_fault(Rule::always(netsuite::QUERY, Fault::status(503)));
    let life = relay_json(stage, 3, &["order", &key]);
    assert_eq!(life["failed"].as_object().unwrap().keys().collect::<Vec<_>>(), ["destination"], "{life}");
    assert_eq!(life["ledger"][0]["state"], "confirmed");
    stage.sandbox.clear_faults();
    // A shop that gives no access: the ledger and NetSuite know it.
    stage.stack.put_secret("shopify", &stage.sandbox.shopify.webhook_secret(&[SHOP])).unwrap();
    let life = relay_json(stage, 0, &["order", &id]);
    assert_eq!((&life["source"], &life["ledger"][0]["state"]), (&Value::Null, &json!("confirmed")), "{life}");
    assert!(life["notes"][0].as_str().unwrap().contains("no access to the Admin API"), "{life}");
    stage.stack.put_secret("shopify", &stage.sandbox.shopify.secret(&[SHOP])).unwrap();
}

fn nobodys(stage: &Stage, one: &Truth) {
    for named in ["#0", "999999999999999999", "4711"] {
        let life = relay_json(stage, 1, &["order", named]);
        assert_eq!(
            (&life["source"], &life["key"], &life["failed"]),
            (&Value::Null, &Value::Null, &json!({})),
            "{life}"
        );
    }
    for (arguments, says) in [
        (&["order", " "][..], "names no order"),
        (&["order", "erp/acme.myshopify.com/refund/1"], "its Shopify id, its name such as #1001"),
        (&["order", &one.name, "--flow", "reviews"], "has no reviews flow"),
    ] {
        assert_refused(stage, arguments, says);
    }
}

fn reports(stage: &Stage, orders: usize) {
    let day = Stage::yesterday().to_string();
    let asked = ["report", "--from", &day, "--to", &day, "--out", "day.html", "--flow", "erp"];
    let written = relay_json(stage, 0, &asked);
    assert_eq!(
        (&written["flow"], written["days"][0]["standing"].as_str()),
        (&json!("erp"), Some("complete")),
        "{written}"
    );
    // Refunds count with the day of their order.
    assert!(written["days"][0]["completed"].as_u64().unwrap() >= orders as u64, "{written}");
    assert_eq!(written["certificates"][0]["store"], SHOP);
    let page = std::fs::read_to_string(stage.directory().join("day.html")).unwrap();
    assert!(page.contains("Orders to NetSuite") && page.contains("Every day is complete."), "{page}");
    assert_refused(stage, &[&asked[..], &["--store", "other.myshopify.com"]].concat(), SHOP);
}

/// The verdicts, in the order of the questions, and what is to be set.
fn probed(stage: &Stage, code: i32, more: &[&str]) -> (Vec<String>, Vec<String>, Value) {
    let answer = relay_json(stage, code, &[&["probe", "netsuite", "--yes"], more].concat());
    assert_eq!(answer["sent"], true);
    let text = |name: &'static str| {
        let findings = answer["findings"].as_array().unwrap().iter();
        findings.filter_map(|finding| finding[name].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    (text("verdict"), text("set"), answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_netsuite_does_is_held_against_what_is_assumed() {
    let stage = Stage::set().await;
    let netsuite = &stage.sandbox.netsuite;
    netsuite.set(|settings| settings.call_ms = 150);
    let ships = netsuite.items().into_iter().find(|item| item.price.is_some()).unwrap().item_id;
    let item = ["--item", ships.as_str()];
    let records = || (netsuite.transactions().len(), netsuite.customers().len());
    let before = records();

    let dry = relay(&stage, &[&["probe", "netsuite"], &item[..]].concat());
    assert!(dry.code == 0 && dry.out.contains("nothing was changed; add --yes"), "{dry:?}");
    assert_eq!(records(), before);

    let (verdicts, set, answer) = probed(&stage, 0, &item);
    assert_eq!(verdicts, ["holds"; 7], "{answer}");
    assert_eq!((set, &answer["left"], records()), (vec![], &json!([]), before), "{answer}");
    let concurrency = netsuite.concurrency();
    assert!(concurrency.refused > 0 && concurrency.peak <= 5, "{concurrency:?}");

    // An account that does everything else than is assumed.
    netsuite.set(|settings| {
        (settings.repeats_create, settings.fixed_addresses, settings.fixed_shipped) = (true, true, true);
        (settings.counts_tokens, settings.over_limit, settings.concurrency) = (true, OverLimit::InvalidLogin, 4);
        settings.deletes = false;
    });
    let (verdicts, set, answer) = probed(&stage, 1, &item);
    assert_eq!(verdicts[..5], ["does_not_hold"; 5], "{answer}");
    assert_eq!(verdicts[5], "holds", "a login that fails is a refusal that is known: {answer}");
    assert_eq!(set.first().map(String::as_str), Some("netsuite.slots = 3"), "{answer}");
    let left = answer["left"].as_array().unwrap();
    assert!(left.len() >= 5, "{answer}");
    assert!(answer["why_left"].as_str().unwrap().contains("INSUFFICIENT_PERMISSION"), "{answer}");
    assert_ne!(records(), before);
    netsuite.set(|settings| {
        let standard = netsuite::Settings::default();
        *settings = netsuite::Settings { call_ms: 150, one_world: true, ..standard };
    });

    // Retry-After, where there is one.
    let refused = Fault::Status { code: 429, moment: sandbox::Moment::Before, retry_after: Some(7), reset: None };
    stage.sandbox.add_fault(Rule { after: Some(4), ..Rule::always(netsuite::QUERY, refused) });
    let answer = relay_json(&stage, 1, &[&["probe", "netsuite", "--yes"], &item[..]].concat());
    let found = answer["findings"].to_string();
    stage.sandbox.clear_faults();
    assert!(found.contains("Retry-After 7s") || found.contains("could not"), "{answer}");

    refused_probes(&stage, &item);
}

fn refused_probes(stage: &Stage, item: &[&str]) {
    let mut secret = stage.sandbox.netsuite.secret();
    secret["account_id"] = json!("123456");
    stage.stack.put_secret("netsuite", &secret).unwrap();
    assert_refused(stage, &[&["probe", "netsuite", "--yes"], item].concat(), "is no sandbox");
    let dry = relay(stage, &["probe", "netsuite", "--production"]);
    assert_eq!(dry.code, 0, "{dry:?}");
    stage.stack.put_secret("netsuite", &stage.sandbox.netsuite.secret()).unwrap();
    assert_refused(stage, &["probe", "netsuite", "--yes", "--at-once", "1"], "--at-once");
    let ran = relay(stage, &["probe", "netsuite", "--yes", "--item", "no such item"]);
    assert!(ran.code == 2 && ran.err.contains("no item `no such item`"), "{ran:?}");
}
