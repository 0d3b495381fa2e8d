//! What a delivered order may cost, counted from the calls that the functions make in a simulated night without faults.

use simulation::{Scenario, Usage, run};

#[test]
fn a_delivered_order_stays_within_its_budget() {
    let report = run(&Scenario::ordinary(1, 1_000));
    assert_eq!(report.failure(), None);
    let bill = report.bill;
    assert_eq!(bill.orders, 1_000);
    let requests = bill.an_order(Usage::all_sqs_requests);
    let writes = bill.an_order(|usage| usage.write_units);
    let logs = bill.an_order(|usage| usage.log_bytes);
    println!("an order: {requests:.3} SQS requests, {writes:.3} write units, {logs:.0} bytes of logs");
    assert!(requests <= 0.35, "{requests} SQS requests: {:?}", bill.functions);
    assert!(writes <= 3.05, "{writes} write units: {:?}", bill.functions);
    assert!(logs <= 500.0, "{logs} bytes of logs: {:?}", bill.functions);
    // Batches that are not full would pass for a while: they are what the figures hang on.
    assert!(bill.an_order(|usage| usage.invocations) < 0.105, "{:?}", bill.functions);
}
