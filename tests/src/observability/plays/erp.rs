//! The erp flow's alarms.

use super::{DAY, HOUR, LENGTH, Played, every, hourly, quiet, raised, rollouts};

pub(super) fn plays() -> Vec<Played> {
    let mut all = vec![
        raised("OldestOpenAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 7200.0), hourly(DAY, LENGTH, 7201.0)]),
        quiet("OldestOpenAlarm", vec![hourly(0, LENGTH, 7200.0)]),
        raised("TotalsDifferAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, LENGTH, 2.0)]),
        quiet("TotalsDifferAlarm", vec![hourly(0, LENGTH, 0.0)]),
        // The value is the number of Shopify's request.
        raised("DataRequestAlarm", DAY..=DAY + 10, vec![vec![(DAY, 9999.0)]]),
        quiet("DataRequestAlarm", vec![]),
        raised("WebhookRefusedAlarm", DAY..=DAY + 10, vec![vec![(DAY, 1.0)]]),
        quiet("WebhookRefusedAlarm", vec![]),
        // API Gateway gives a 0 with each request that went well.
        raised("ApiErrorsAlarm", DAY..=DAY + 10, vec![every(1, 0, LENGTH, 0.0), vec![(DAY, 1.0)]]),
        quiet("ApiErrorsAlarm", vec![every(1, 0, LENGTH, 0.0)]),
        raised("ApiRefusedAlarm", DAY..=DAY + 10, vec![vec![(DAY, 1.0)]]),
        quiet("ApiRefusedAlarm", vec![]),
        raised("WebhookSlowAlarm", DAY..=DAY + 15, vec![every(1, 0, DAY, 40.0), every(1, DAY, LENGTH, 3001.0)]),
        // A cold start now and then, and what one shop's slow request makes of five minutes with few of them.
        quiet("WebhookSlowAlarm", vec![every(1, 0, LENGTH, 40.0), every(HOUR, 0, LENGTH, 3500.0)]),
        raised("SilentShopsAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, LENGTH, 1.0)]),
        quiet("SilentShopsAlarm", vec![hourly(0, LENGTH, 0.0)]),
        raised("ApiVersionAlarm", DAY..=DAY + HOUR, vec![every(1, DAY, LENGTH, 1.0)]),
        quiet("ApiVersionAlarm", vec![]),
        // Attempts of a delivery whose login fails: after 10 seconds, 20, 40 and so on.
        raised("LoginFailedAlarm", DAY..=DAY + HOUR, vec![[0, 1, 1, 2, 4, 8].map(|after| (DAY + after, 1.0)).into()]),
        quiet("LoginFailedAlarm", vec![every(20, 0, LENGTH, 1.0)]),
        raised("OverLimitAlarm", DAY..=DAY + HOUR, vec![every(2, DAY, LENGTH, 1.0)]),
        quiet("OverLimitAlarm", vec![every(4, 0, LENGTH, 1.0)]),
        raised("CredentialAlarm", 2 * DAY..=3 * DAY, vec![hourly(0, 2 * DAY, 60.0), hourly(2 * DAY, LENGTH, 59.0)]),
        quiet("CredentialAlarm", vec![hourly(0, LENGTH, 60.0)]),
        raised("QueueAgeAlarm", DAY..=DAY + 10, vec![every(5, 0, DAY, 60.0), every(5, DAY, LENGTH, 3601.0)]),
        quiet("QueueAgeAlarm", vec![every(5, 0, LENGTH, 3600.0)]),
        raised("WorkerErrorsAlarm", DAY..=DAY + HOUR, vec![every(8, 0, DAY, 0.0), every(8, DAY, LENGTH, 1.0)]),
        quiet("WorkerErrorsAlarm", vec![every(8, 0, LENGTH, 0.0), every(5, DAY, DAY + 15, 1.0)]),
        raised("WorkerThrottlesAlarm", 15..=30, vec![every(5, 0, DAY, 1.0)]),
        quiet("WorkerThrottlesAlarm", vec![vec![(30, 1.0)], every(5, 0, LENGTH, 0.0)]),
    ];
    all.extend(rollouts(["WebhookRolloutAlarm", "WorkerRolloutAlarm", "ReconcilerRolloutAlarm"]));
    all
}
