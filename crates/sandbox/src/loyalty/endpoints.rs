//! The calls that are simulated, under the names that fault rules and counters have for them.

crate::faults::endpoints! { "loyalty";
    /// `GET /customers`
    READ = "read",
    /// `POST /customers`
    CUSTOMERS = "customers",
    /// `POST /orders`
    ORDERS = "orders",
    /// `POST /refunds`
    REFUNDS = "refunds",
    /// `POST /actions`
    ACTIONS = "actions",
    /// `GET /vip_tiers`
    TIERS = "tiers",
}
