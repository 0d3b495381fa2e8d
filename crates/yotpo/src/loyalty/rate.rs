//! The headers that tell how much is left: <https://loyaltyapi.yotpo.com/reference/guidelines-and-conventions>.

use chrono::TimeDelta;
use rest::Reply;

/// How long the account is not to be called: until the second is over in which nothing is left, or the minute. Yotpo does not say
/// when a minute ends; a whole one is never too short.
pub(super) fn rest(reply: &Reply) -> Option<TimeDelta> {
    let number = |name: &str| reply.header(name)?.trim().parse::<f64>().ok();
    let spent = |name: &str| number(name).is_some_and(|left| left <= 0.0);
    let minute = spent("x-ratelimit-remaining-minute").then_some(TimeDelta::minutes(1));
    let second = spent("ratelimit-remaining").then(|| {
        let reset = number("ratelimit-reset").filter(|reset| (0.0..=86_400.0).contains(reset)).unwrap_or(1.0);
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and a day of milliseconds")]
        TimeDelta::milliseconds((reset * 1_000.0).ceil() as i64)
    });
    minute.max(second).filter(|wait| !wait.is_zero())
}
