use std::time::{Duration, Instant};

use sandbox::{Fault, Moment, Rule, yotpo};

use crate::client::{Bench, purchase};

fn effects(bench: &Bench, order_id: &str) -> (u64, u64) {
    bench.sandbox.yotpo.arrival("sandbox-default", order_id).map_or((0, 0), |arrival| (arrival.posted, arrival.effects))
}

fn once(fault: Fault) -> Rule {
    Rule { next: Some(1), ..Rule::always(yotpo::CREATE, fault) }
}

#[test]
fn statuses_before_and_after_taking_effect() {
    let bench = Bench::start();
    let utoken = bench.utoken();
    bench.sandbox.add_fault(once(Fault::status(503)));
    assert_eq!(bench.purchase(&utoken, "1").unwrap().status, 503);
    assert_eq!(effects(&bench, "1"), (1, 0));
    bench.sandbox.add_fault(once(Fault::Status { code: 500, moment: Moment::After, retry_after: None, reset: None }));
    let reply = bench.purchase(&utoken, "2").unwrap();
    assert_eq!((reply.status, reply.json()["code"].as_u64()), (500, Some(500)));
    assert_eq!(effects(&bench, "2"), (1, 1));
    bench.sandbox.add_fault(once(Fault::Status {
        code: 429,
        moment: Moment::Before,
        retry_after: Some(7),
        reset: Some(3),
    }));
    let reply = bench.purchase(&utoken, "3").unwrap();
    assert_eq!((reply.status, reply.header("Retry-After"), reply.header("RateLimit-Reset")), (429, "7", "3"));
    bench.sandbox.add_fault(once(Fault::Html { code: 502 }));
    let reply = bench.purchase(&utoken, "3").unwrap();
    assert!(
        reply.status == 502 && reply.header("Content-Type").starts_with("text/html") && reply.text.contains("<html>")
    );
    assert_eq!(bench.purchase(&utoken, "3").unwrap().status, 200);
}

#[test]
fn a_cut_connection_ends_without_a_byte_of_an_answer() {
    let bench = Bench::start();
    let utoken = bench.utoken();
    for (order_id, moment, expected) in [("1", Moment::Before, (1, 0)), ("2", Moment::After, (1, 1))] {
        bench.sandbox.add_fault(once(Fault::Cut { moment }));
        let body = purchase(&bench.today(), &utoken, order_id).to_string();
        let answer = bench.raw(&format!(
            "POST /apps/sandbox-default/purchases HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        assert_eq!(answer.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        assert_eq!(effects(&bench, order_id), expected);
    }
    // A client sees an error, and its next connection is sound.
    bench.sandbox.add_fault(once(Fault::Cut { moment: Moment::After }));
    assert!(bench.purchase(&utoken, "3").is_err());
    assert_eq!(bench.purchase(&utoken, "3").unwrap().status, 200);
    assert_eq!(effects(&bench, "3"), (2, 1));
    assert_eq!(bench.sandbox.report().counters[&yotpo::CREATE].answers[&0], 3);
}

#[test]
fn a_client_that_gives_up_does_not_stop_the_effect() {
    let bench = Bench::start();
    let utoken = bench.utoken();
    bench.sandbox.add_fault(once(Fault::Delay { ms: 300, moment: Moment::Before }));
    let request = bench.agent.post(bench.url("/apps/sandbox-default/purchases"));
    let config = request.config().timeout_global(Some(Duration::from_millis(50)));
    assert!(config.build().send_json(purchase(&bench.today(), &utoken, "1")).is_err());
    assert_eq!(effects(&bench, "1"), (1, 0));
    let deadline = Instant::now() + Duration::from_secs(10);
    while effects(&bench, "1").1 == 0 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_outage_strikes_one_vendor_and_ends_with_its_time() {
    let bench = Bench::start();
    let (session, utoken) = (bench.session(), bench.utoken());
    bench.sandbox.add_fault(Rule::outage(yotpo::ANY_CALL, Some(3600.0)));
    assert_eq!(bench.purchase(&utoken, "1").unwrap().status, 503);
    assert_eq!(bench.get("/apps/sandbox-default/purchases", "").status, 503);
    assert_eq!(bench.query(&session, "SELECT Id FROM Order").status, 200);
    bench.sandbox.set_now(bench.sandbox.now() + chrono::TimeDelta::hours(1));
    assert_eq!(bench.purchase(&utoken, "1").unwrap().status, 200);
    bench.sandbox.add_fault(Rule::unreachable(yotpo::ANY_CALL, None));
    assert!(bench.purchase(&utoken, "2").is_err());
    bench.sandbox.clear_faults();
    assert_eq!(bench.purchase(&utoken, "2").unwrap().status, 200);
}

#[test]
fn the_demo_can_be_repeated_and_loses_nothing_to_one_who_tries_again() {
    let run = |seed| {
        let bench = Bench::start();
        for rule in Fault::demo(seed) {
            bench.sandbox.add_fault(rule);
        }
        // Each post counts as a second, so that the outage ends soon.
        let mut outcome = Vec::new();
        let mut utoken = String::new();
        for order_id in 0..150 {
            let mut tries = Vec::new();
            while tries.last() != Some(&200) {
                bench.sandbox.set_now(bench.sandbox.now() + chrono::TimeDelta::seconds(1));
                let status = bench.purchase(&utoken, &order_id.to_string()).map_or(0, |reply| reply.status);
                if status == 401 {
                    let secret = &bench.sandbox.yotpo.secret(&[("default", "sandbox-default")])["stores"]["default"];
                    let body = serde_json::json!({"client_id": secret["app_key"], "client_secret": secret["secret_key"], "grant_type": "client_credentials"});
                    if let Ok(reply) = bench.try_post("/oauth/token", &body)
                        && reply.status == 200
                    {
                        utoken = reply.json()["access_token"].as_str().unwrap().to_owned();
                    }
                }
                tries.push(status);
            }
            outcome.push(tries);
        }
        let sums = bench.sandbox.report().accounts["sandbox-default"].clone();
        assert_eq!((sums.delivered, sums.doubled, sums.dropped), (150, 0, 0));
        outcome
    };
    let first = run(1);
    assert_eq!(first, run(1));
    assert!(first.iter().flatten().any(|status| *status == 0) && first.iter().flatten().any(|status| *status == 429));
    assert_ne!(first, run(2));
}
