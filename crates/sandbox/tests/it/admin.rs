use serde_json::{Value, json};

use crate::client::Bench;

fn patch(bench: &Bench, path: &str, body: &Value) -> u16 {
    bench.agent.patch(bench.url(path)).send_json(body).unwrap().status().as_u16()
}

#[test]
fn everything_can_be_done_by_http() {
    let bench = Bench::start();
    let ids = bench.post("/_sandbox/orders", &json!([{"OrderNumber": "1"}, {"OrderNumber": "2", "Status": "Draft"}]));
    assert_eq!(ids.json().as_array().unwrap().len(), 2);
    assert_eq!(patch(&bench, "/_sandbox/orders/2", &json!({"Status": "Completed"})), 204);
    assert_eq!(bench.get("/_sandbox/orders/2", "").json()["Status"], "Completed");
    assert_eq!(patch(&bench, "/_sandbox/orders/3", &json!({})), 404);
    assert_eq!(bench.post("/_sandbox/orders", &json!({"Nonsense": 1})).status, 422);

    let rule = json!({"target": "yotpo.create", "fault": {"kind": "status", "code": 429, "reset": 1}, "next": 2});
    assert_eq!(bench.post("/_sandbox/faults", &rule).json(), json!([1]));
    let utoken = bench.utoken();
    let statuses: Vec<u16> = (0..3).map(|_| bench.purchase(&utoken, "9").unwrap().status).collect();
    assert_eq!(statuses, [429, 429, 200]);
    assert_eq!(bench.get("/_sandbox/faults", "").json()[0]["fired"], 2);
    for wrong in [
        json!({"target": "yotpo.creat", "fault": {"kind": "cut"}}),
        json!({"target": "yotpo", "fault": {"kind": "cut"}, "nxt": 1}),
        json!({"target": "yotpo", "fault": {"kind": "cut", "momnt": "after"}}),
        json!({"preset": "other"}),
    ] {
        assert_eq!(bench.post("/_sandbox/faults", &wrong).status, 422, "{wrong}");
    }
    assert!(
        bench.post("/_sandbox/faults", &json!({"preset": "demo", "seed": 3})).json().as_array().unwrap().len() > 10
    );
    assert_eq!(bench.agent.delete(bench.url("/_sandbox/faults")).call().unwrap().status(), 204);
    assert_eq!(bench.get("/_sandbox/faults", "").json(), json!([]));

    assert_eq!(patch(&bench, "/_sandbox/settings", &json!({"page_size": 1})), 200);
    assert_eq!(patch(&bench, "/_sandbox/settings", &json!({"pagesize": 1})), 422);
    let session = bench.session();
    assert_eq!(bench.query(&session, "SELECT Id FROM Order").json()["done"], false);
    assert_eq!(bench.post("/_sandbox/expire/sessions", &json!({})).status, 204);
    assert_eq!(bench.query(&session, "SELECT Id FROM Order").status, 401);

    let report = bench.get("/_sandbox/report", "").json();
    assert_eq!(report["orders"], 2);
    assert_eq!(report["accounts"]["sandbox-default"]["delivered"], 1);
    assert_eq!(report["counters"]["yotpo.create"]["answers"], json!({"200": 1, "429": 2}));
    assert_eq!(bench.get("/_sandbox/arrivals", "").json()[0]["posted"], 3);
    bench.post("/_sandbox/reset", &json!({}));
    assert_eq!(bench.get("/_sandbox/report", "").json()["orders"], 0);
}

#[test]
fn it_listens_on_loopback_only_and_stops_when_told() {
    let bench = Bench::start();
    let refused = bench.runtime.block_on(sandbox::Sandbox::start(1, "0.0.0.0:0".parse().unwrap()));
    assert!(refused.is_err());
    let url = bench.url("/_sandbox/report");
    bench.get("/_sandbox/report", "");
    bench.runtime.block_on(bench.sandbox.shutdown());
    assert!(bench.agent.get(url).call().is_err());
}
