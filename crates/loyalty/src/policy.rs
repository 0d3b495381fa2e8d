//! The flow, as the delivery protocol knows it: a policy for each kind of delivery.

use crate::{FLOW, keys::kind};
use config::{Loyalty, Protocol, Relay, Repeatable, Repeats};
use ledger::{Flow, Policies, Policy, Repeat};
use std::time::Duration;

/// The flow with these settings.
pub fn flow(loyalty: &Loyalty, protocol: &Protocol) -> Flow {
    with(loyalty.repeat, protocol)
}

/// The flow as whoever has the whole file knows it; of a file without its part, with the defaults.
pub fn of(config: &Relay) -> Flow {
    with(config.loyalty.as_ref().map(|loyalty| loyalty.repeat).unwrap_or_default(), &config.protocol)
}

fn with(repeats: Repeats, protocol: &Protocol) -> Flow {
    let policy = |repeat, supersedes, settle| Policy { repeat, supersedes, settle, clock_skew: protocol.clock_skew };
    let repeat = |repeatable| match repeatable {
        Repeatable::Harmless => Repeat::Harmless,
        // There is nothing to read back: whoever must do so before a call leaves it to a person.
        Repeatable::Never => Repeat::ReadBack,
    };
    // The effect of an order, a refund or an action never changes, so that nothing has to wait for an older call of theirs.
    let none = Duration::ZERO;
    let written = policy(Repeat::Harmless, true, protocol.settle.salesforce);
    let policies = Policies::all(written)
        .but(kind::CUSTOMER, policy(Repeat::Harmless, true, protocol.settle.yotpo_loyalty))
        // A newer revision advances the record; it makes no second call (`order.rs`).
        .but(kind::ORDER, policy(repeat(repeats.orders), true, none))
        .but(kind::REFUND, policy(repeat(repeats.refunds), false, none))
        .but(kind::ACTION, policy(Repeat::ReadBack, false, none));
    Flow { name: FLOW, policies }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Relay;
    use ledger::DeliveryKey;

    #[test]
    fn each_kind_has_the_policy_of_the_rules() {
        let relay = Relay::parse(include_str!("../../../infra/config/relay.toml"), "relay.toml").unwrap();
        let mut loyalty = relay.loyalty.unwrap();
        let of = |loyalty: &Loyalty, kind: &str| {
            let key = DeliveryKey::try_from(format!("loyalty/default/{kind}/1")).unwrap();
            let policy = *flow(loyalty, &relay.protocol).policies.of(&key);
            (policy.repeat, policy.supersedes, policy.settle.as_secs())
        };
        for (kind, expected) in [
            (kind::CUSTOMER, (Repeat::Harmless, true, 600)),
            (kind::ORDER, (Repeat::Harmless, true, 0)),
            (kind::REFUND, (Repeat::Harmless, false, 0)),
            (kind::ACTION, (Repeat::ReadBack, false, 0)),
            (kind::STATE, (Repeat::Harmless, true, 120)),
            (kind::REWARD, (Repeat::Harmless, true, 120)),
        ] {
            assert_eq!(of(&loyalty, kind), expected, "{kind}");
        }
        loyalty.repeat = config::Repeats { orders: Repeatable::Never, refunds: Repeatable::Never };
        for kind in [kind::ORDER, kind::REFUND] {
            assert_eq!(of(&loyalty, kind).0, Repeat::ReadBack, "{kind}");
        }
    }
}
