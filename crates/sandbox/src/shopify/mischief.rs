//! How webhooks arrive: twice at once, again hours later, in another order, not at all; and what only looks like one.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::delivery::{Delivery, Kind, Webhook};

/// What goes wrong on the way, as shares of one; out of the box nothing does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mischief {
    /// Decides which.
    pub seed: u64,
    /// From one webhook to the next.
    pub step: Duration,
    /// Sent twice at the same instant.
    pub duplicates: f64,
    /// Sent again with the original payload, up to `retry_within` later.
    pub retries: f64,
    /// See `retries`; Shopify retries for four hours.
    pub retry_within: Duration,
    /// Delayed by up to `shuffle_within`, so that later ones overtake it.
    pub shuffled: f64,
    /// See `shuffled`.
    pub shuffle_within: Duration,
    /// Never sent.
    pub omitted: f64,
    /// A copy with one byte of the body changed comes along.
    pub tampered: f64,
    /// A copy with a stranger's signature comes along.
    pub forged: f64,
    /// Signed with the shop's previous secret, where it has one.
    pub old_secret: f64,
}

impl Default for Mischief {
    fn default() -> Self {
        let zero = Duration::ZERO;
        Self {
            seed: 1,
            step: zero,
            duplicates: 0.0,
            retries: 0.0,
            retry_within: zero,
            shuffled: 0.0,
            shuffle_within: zero,
            omitted: 0.0,
            tampered: 0.0,
            forged: 0.0,
            old_secret: 0.0,
        }
    }
}

/// A shop's current secret, and the previous one.
pub(super) type Secrets<'a> = (&'a str, Option<&'a str>);

impl Mischief {
    /// The deliveries, by time. A webhook that is omitted has none.
    pub(super) fn plan<'a>(
        &self,
        webhooks: &[Webhook],
        api_version: &str,
        secrets: impl Fn(&str) -> Option<Secrets<'a>>,
    ) -> Vec<Delivery> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut deliveries = Vec::new();
        for (webhook, place) in webhooks.iter().zip(0_u32..) {
            let Some((secret, previous)) = secrets(&webhook.shop) else { continue };
            if rng.random_bool(self.omitted) {
                continue;
            }
            let secret = previous.filter(|_| rng.random_bool(self.old_secret)).unwrap_or(secret);
            let delay =
                if rng.random_bool(self.shuffled) { up_to(self.shuffle_within, &mut rng) } else { Duration::ZERO };
            let after = self.step * place + delay;
            let signed = |kind, secret: &str, after| webhook.signed(secret, api_version, kind, after);
            deliveries.push(signed(Kind::Original, secret, after));
            if rng.random_bool(self.duplicates) {
                deliveries.push(signed(Kind::Duplicate, secret, after));
            }
            if rng.random_bool(self.retries) {
                deliveries.push(signed(Kind::Retry, secret, after + up_to(self.retry_within, &mut rng)));
            }
            if rng.random_bool(self.tampered) {
                deliveries.push(tampered(signed(Kind::Tampered, secret, after), &mut rng));
            }
            if rng.random_bool(self.forged) {
                deliveries.push(signed(Kind::Forged, "shpss_a-stranger's", after));
            }
        }
        deliveries.sort_by_key(|delivery| delivery.after);
        deliveries
    }
}

fn up_to(longest: Duration, rng: &mut ChaCha8Rng) -> Duration {
    longest.mul_f64(rng.random_range(0.0..1.0))
}

/// With another digit somewhere in its body, so that it is still JSON.
fn tampered(mut delivery: Delivery, rng: &mut ChaCha8Rng) -> Delivery {
    let digits = delivery.body.bytes().enumerate().filter(|(_, byte)| (b'1'..b'9').contains(byte));
    let digits: Vec<(usize, u8)> = digits.collect();
    if !digits.is_empty() {
        let (at, digit) = digits[rng.random_range(0..digits.len())];
        delivery.body.replace_range(at..=at, char::from(digit + 1).encode_utf8(&mut [0; 4]));
    }
    delivery
}
