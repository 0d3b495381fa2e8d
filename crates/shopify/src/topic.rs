use crate::open_enum::open_enum;

open_enum! {
    /// What a webhook is about: <https://shopify.dev/docs/api/webhooks/latest>.  `orders/edited` and `orders/paid` carry nothing that
    /// `orders/updated` does not.
    Topic {
        /// An order, new.
        OrdersCreate = "orders/create",
        /// An order, after any change, also of tags, risk, payment or fulfilment.
        OrdersUpdated = "orders/updated",
        /// An order, cancelled.
        OrdersCancelled = "orders/cancelled",
        /// A refund.  It names its order and carries neither customer nor time of change.
        RefundsCreate = "refunds/create",
        /// A customer, new.
        CustomersCreate = "customers/create",
        /// A customer, changed.
        CustomersUpdate = "customers/update",
        /// A person asks what is kept of them.
        CustomersDataRequest = "customers/data_request",
        /// A person is to be forgotten.
        CustomersRedact = "customers/redact",
        /// A shop is to be forgotten, 48 hours after it removed the app.
        ShopRedact = "shop/redact",
    }
}
