/// A list that comes in pages: which object's, under which of our names, what it is called there, and what of each entry is asked.
pub(crate) struct Connection {
    pub(crate) object: &'static str,
    pub(crate) key: &'static str,
    field: &'static str,
    arguments: &'static str,
    fragment: &'static str,
}

const fn list(object: &'static str, key: &'static str, field: &'static str, fragment: &'static str) -> Connection {
    Connection { object, key, field, arguments: "", fragment }
}

/// All that `fragments.graphql` asks for in pages.
pub(crate) const CONNECTIONS: [Connection; 8] = [
    list("Order", "line_items", "lineItems", "Line"),
    Connection { arguments: ", includeRemovals: true", ..list("Order", "shipping_lines", "shippingLines", "Shipping") },
    list("Fulfillment", "line_items", "fulfillmentLineItems", "Fulfilled"),
    list("Refund", "refund_line_items", "refundLineItems", "RefundLine"),
    list("Refund", "refund_shipping_lines", "refundShippingLines", "RefundShipping"),
    list("Refund", "order_adjustments", "orderAdjustments", "Adjustment"),
    list("Refund", "transactions", "transactions", "Payment"),
    list("Customer", "addresses", "addressesV2", "Address"),
];

const FRAGMENTS: &str = include_str!("fragments.graphql");

/// A page of orders.
pub(crate) fn orders() -> String {
    whole(
        "query Orders($first: Int!, $after: String, $query: String!, $sort: OrderSortKeys!) {
  orders(first: $first, after: $after, query: $query, sortKey: $sort) { pageInfo { hasNextPage endCursor } nodes { ...Order } }
}",
    )
}

/// One order.
pub(crate) fn order() -> String {
    whole("query Order($id: ID!) { order(id: $id) { ...Order } }")
}

/// One customer with all addresses.
pub(crate) fn customer() -> String {
    whole(
        "query Customer($id: ID!) {
  customer(id: $id) { ...Customer addresses: addressesV2(first: 20) { pageInfo { hasNextPage endCursor } nodes { ...Address } } }
}",
    )
}

/// What the app may do.
pub(crate) fn scopes() -> String {
    whole("query Scopes { currentAppInstallation { accessScopes { handle } } }")
}

impl Connection {
    /// Its next page.
    pub(crate) fn more(&self) -> String {
        let Connection { object, field, arguments, fragment, .. } = self;
        whole(&format!(
            "query More($id: ID!, $after: String!) {{
  node(id: $id) {{ ... on {object} {{ page: {field}(first: 100, after: $after{arguments}) {{
    pageInfo {{ hasNextPage endCursor }} nodes {{ ...{fragment} }}
  }} }} }}
}}"
        ))
    }
}

/// The operation with the fragments that it names, and that those name: one that is not named is an error in GraphQL.
fn whole(operation: &str) -> String {
    let fragments: Vec<(&str, &str)> = FRAGMENTS
        .split("\nfragment ")
        .skip(1)
        .filter_map(|rest| Some((rest.split_whitespace().next()?, rest.trim_end())))
        .collect();
    let mut document = operation.to_owned();
    loop {
        let missing = fragments
            .iter()
            .find(|(name, _)| names(&document, name) && !document.contains(&format!("\nfragment {name} ")));
        let Some((_, text)) = missing else { return document };
        document = format!("{document}\nfragment {text}");
    }
}

fn names(document: &str, fragment: &str) -> bool {
    let spread = format!("...{fragment} ");
    document.contains(&spread) || document.contains(&format!("...{fragment}\n"))
}
