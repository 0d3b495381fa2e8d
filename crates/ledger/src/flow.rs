//! A flow, as the protocol knows it: its name, and a policy for each kind of delivery.

use crate::{event::Policy, key::DeliveryKey};
use std::collections::BTreeMap;

/// What the protocol must know of a flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The first segment of its delivery keys, such as `reviews`.
    pub name: &'static str,
    /// What the protocol must know of its destinations.
    pub policies: Policies,
}

/// The policy of each kind of delivery ([`DeliveryKey::kind`]): a flow may create orders and upsert customers.
#[derive(Clone, Debug)]
pub struct Policies {
    all: Policy,
    kinds: BTreeMap<&'static str, Policy>,
}

impl Policies {
    /// One policy for every delivery.
    pub fn all(policy: Policy) -> Self {
        Self { all: policy, kinds: BTreeMap::new() }
    }

    /// With a policy of its own for the deliveries of one kind.
    #[must_use]
    pub fn but(mut self, kind: &'static str, policy: Policy) -> Self {
        self.kinds.insert(kind, policy);
        self
    }

    /// The policy of a delivery.
    pub fn of(&self, key: &DeliveryKey) -> &Policy {
        key.kind().and_then(|kind| self.kinds.get(kind)).unwrap_or(&self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Repeat;
    use std::time::Duration;

    #[test]
    fn each_kind_has_its_policy_and_all_others_share_one() {
        let policy =
            |repeat, supersedes| Policy { repeat, supersedes, settle: Duration::ZERO, clock_skew: Duration::ZERO };
        let policies = Policies::all(policy(Repeat::Harmless, false))
            .but("customer", policy(Repeat::Harmless, true))
            .but("refund", policy(Repeat::ReadBack, false));
        let of = |key: &str| {
            let policy = policies.of(&DeliveryKey::try_from(key.to_owned()).unwrap());
            (policy.repeat, policy.supersedes)
        };
        assert_eq!(of("reviews/801"), (Repeat::Harmless, false));
        assert_eq!(of("loyalty/default/order/801"), (Repeat::Harmless, false));
        assert_eq!(of("loyalty/default/customer/003"), (Repeat::Harmless, true));
        assert_eq!(of("loyalty/default/refund/801/0a7"), (Repeat::ReadBack, false));
        // A store may have the name of a kind.
        assert_eq!(of("loyalty/refund/order/801"), (Repeat::Harmless, false));
    }
}
