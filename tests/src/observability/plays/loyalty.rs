//! The loyalty flow's alarms.

use super::{DAY, HOUR, LENGTH, Played, every, hourly, quiet, raised, rollouts};

pub(super) fn plays() -> Vec<Played> {
    let letter = |from, to| every(5, from, to, 1.0);
    let mut all = vec![
        raised("OldestOpenAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 21_600.0), hourly(DAY, LENGTH, 21_601.0)]),
        quiet("OldestOpenAlarm", vec![hourly(0, LENGTH, 21_600.0)]),
        raised("RefundsParkedAlarm", DAY..=DAY + HOUR, vec![vec![(DAY + 1, 1.0)]]),
        quiet("RefundsParkedAlarm", vec![]),
        raised("BalancesDifferAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, LENGTH, 2.0)]),
        quiet("BalancesDifferAlarm", vec![hourly(0, LENGTH, 0.0)]),
        raised("QuotaAlarm", 0..=HOUR, vec![every(15, 0, LENGTH, 80.0)]),
        quiet("QuotaAlarm", vec![every(15, 0, LENGTH, 79.9)]),
        raised("CredentialAlarm", 2 * DAY..=3 * DAY, vec![hourly(0, 2 * DAY, 14.0), hourly(2 * DAY, LENGTH, 13.0)]),
        quiet("CredentialAlarm", vec![hourly(0, LENGTH, 14.0)]),
        // Attempts of a delivery whose login fails: after 10 seconds, 20, 40 and so on.
        raised("UnauthorizedAlarm", DAY..=DAY + HOUR, vec![[0, 1, 1, 2, 4, 8].map(|after| (DAY + after, 1.0)).into()]),
        // A key that was changed: one refusal, and the secret is read again.
        quiet("UnauthorizedAlarm", vec![every(20, 0, LENGTH, 1.0)]),
        raised("SilentStoresAlarm", 3 * DAY..=5 * DAY, vec![hourly(0, DAY, 4.0)]),
        // A day without.
        quiet("SilentStoresAlarm", vec![every(2 * DAY, 10, LENGTH, 1.0), every(2 * DAY, DAY + 100, LENGTH, 1.0)]),
        raised("ApiErrorsAlarm", DAY..=DAY + 10, vec![every(1, 0, LENGTH, 0.0), vec![(DAY, 1.0)]]),
        quiet("ApiErrorsAlarm", vec![every(1, 0, LENGTH, 0.0)]),
        raised("WebhookRefusedAlarm", DAY..=DAY + HOUR, vec![every(2, DAY, LENGTH, 1.0)]),
        // Somebody tries addresses.
        quiet("WebhookRefusedAlarm", vec![every(10, 0, LENGTH, 1.0)]),
        raised("WritebackDeadLettersAlarm", DAY..=DAY + 10, vec![every(5, 0, DAY, 0.0), letter(DAY, LENGTH)]),
        quiet("WritebackDeadLettersAlarm", vec![every(5, 0, DAY, 0.0)]),
        raised("MoreWritebackDeadLettersAlarm", DAY..=DAY + 10, vec![letter(0, DAY), every(5, DAY, LENGTH, 2.0)]),
        quiet("MoreWritebackDeadLettersAlarm", vec![letter(0, DAY), letter(2 * DAY, LENGTH)]),
        raised(
            "OldWritebackDeadLettersAlarm",
            HOUR..=2 * HOUR,
            vec![every(5, 0, HOUR, 864_000.0), every(5, HOUR, DAY, 864_001.0)],
        ),
        quiet("OldWritebackDeadLettersAlarm", vec![every(5, 0, LENGTH, 864_000.0)]),
        raised("QueueAgeAlarm", DAY..=DAY + 10, vec![every(5, 0, DAY, 60.0), every(5, DAY, LENGTH, 7201.0)]),
        quiet("QueueAgeAlarm", vec![every(5, 0, LENGTH, 7200.0)]),
        raised("WritebackQueueAgeAlarm", DAY..=DAY + 10, vec![every(5, 0, DAY, 60.0), every(5, DAY, LENGTH, 21_601.0)]),
        quiet("WritebackQueueAgeAlarm", vec![every(5, 0, LENGTH, 21_600.0)]),
        raised("ProducerErrorsAlarm", DAY..=DAY + HOUR, vec![every(15, 0, DAY, 0.0), every(15, DAY, LENGTH, 1.0)]),
        quiet("ProducerErrorsAlarm", vec![every(15, 0, LENGTH, 0.0), every(DAY, 0, LENGTH, 1.0)]),
        // Lambda counts a start's errors whether there are any or not.
        raised("ProducerSilentAlarm", DAY + HOUR..=DAY + 5 * HOUR, vec![every(15, 0, DAY, 7.0)]),
        quiet("ProducerSilentAlarm", vec![every(HOUR, 30, LENGTH, 7.0)]),
    ];
    for worker in ["Consumer", "Writeback"] {
        let (errors, throttles) = (format!("{worker}ErrorsAlarm"), format!("{worker}ThrottlesAlarm"));
        all.extend([
            raised(&errors, DAY..=DAY + HOUR, vec![every(8, 0, DAY, 0.0), every(8, DAY, LENGTH, 1.0)]),
            quiet(&errors, vec![every(8, 0, LENGTH, 0.0), every(5, DAY, DAY + 15, 1.0)]),
            raised(&throttles, 15..=30, vec![every(5, 0, DAY, 1.0)]),
            quiet(&throttles, vec![vec![(30, 1.0)], every(5, 0, LENGTH, 0.0)]),
        ]);
    }
    all.extend(rollouts([
        "ProducerRolloutAlarm",
        "ConsumerRolloutAlarm",
        "WebhookRolloutAlarm",
        "WritebackRolloutAlarm",
        "ReconcilerRolloutAlarm",
    ]));
    all
}
