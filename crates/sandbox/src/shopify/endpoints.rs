//! The calls that are simulated, under the names that fault rules and counters have for them. A rule's `subject` is
//! the shop's domain.

crate::faults::endpoints! { "shopify";
    /// `POST /shops/{shop}/admin/oauth/access_token`
    TOKEN = "token",
    /// `POST /shops/{shop}/admin/api/{version}/graphql.json`
    GRAPHQL = "graphql",
}
