use serde_json::json;

use crate::client::Bench;

#[test]
fn a_sandbox_that_runs_by_itself_is_seeded_disturbed_and_looked_at_by_http() {
    let bench = Bench::start();
    let spec = json!({"business_day": "2026-11-20", "zone": "Europe/Berlin", "orders": 3, "awkward": false});
    assert_eq!(bench.post("/_sandbox/seed", &spec).json()["expected"].as_array().unwrap().len(), 3);

    let rule = json!({"target": "yotpo.create", "fault": {"kind": "status", "code": 429, "reset": 1}, "next": 2});
    assert_eq!(bench.post("/_sandbox/faults", &rule).json(), 1);
    let utoken = bench.utoken();
    let statuses: Vec<u16> = (0..3).map(|_| bench.purchase(&utoken, "9").unwrap().status).collect();
    assert_eq!(statuses, [429, 429, 200]);
    for (wrong, named) in [
        (json!({"target": "yotpo.creat", "fault": {"kind": "cut"}}), "yotpo.creat"),
        (json!({"target": "yotpo", "fault": {"kind": "cut"}, "nxt": 1}), "nxt"),
        (json!({"target": "yotpo", "fault": {"kind": "cut", "momnt": "after"}}), "momnt"),
    ] {
        let refused = bench.post("/_sandbox/faults", &wrong);
        assert!(refused.status == 422 && refused.text.contains(named), "{}", refused.text);
    }

    let report = bench.get("/_sandbox/report", "").json();
    assert_eq!(report["orders"], 3);
    assert_eq!(report["accounts"]["sandbox-default"]["delivered"], 1);
    assert_eq!(report["counters"]["yotpo.create"]["answers"], json!({"200": 1, "429": 2}));
    assert_eq!(report["faults"][0]["fired"], 2);
    assert_eq!(bench.agent.delete(bench.url("/_sandbox/faults")).call().unwrap().status(), 204);
    assert_eq!(bench.get("/_sandbox/report", "").json()["faults"], json!([]));
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
