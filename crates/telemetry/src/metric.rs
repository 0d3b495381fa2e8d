//! What is measured.

/// The metrics of namespace `OrderRelay`, each with dimension `Flow`; four of them also with `Flow` and `Store`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Records read from the source.
    OrdersFetched,
    /// Messages accepted by the queue.
    OrdersEnqueued,
    /// Records left out for a reason.
    OrdersSkipped,
    /// Completed records that a date rule leaves out.
    OrdersOutside,
    /// Deliveries that the destination accepted. Also by store.
    Delivered,
    /// Messages whose delivery had been made before.
    AlreadyDelivered,
    /// Messages that went back to the queue after a failed attempt.
    Retried,
    /// Deliveries of which nobody knows whether they took effect.
    Uncertain,
    /// Deliveries refused for good. Also by store, and as 0.
    Rejected,
    /// Deliveries that wait for a person. Also by store, and as 0.
    Parked,
    /// Deliveries found at the destination.
    Confirmed,
    /// Records completed at the source and not at the destination. Also by store, and as 0.
    Missing,
    /// Deliveries that are open after something went wrong.
    OpenDeliveries,
    /// Age of the oldest open delivery that is not parked, in seconds.
    OldestOpenSeconds,
    /// Age of the oldest uncertain delivery, in seconds.
    OldestUncertainSeconds,
    /// Business days settled.
    DaysSettled,
    /// Business days that have been due for longer than a month and are not complete.
    DaysOverdue,
    /// Business days that were found within a day to have hardly an order, or hardly one sent, though they should.
    QuietDays,
    /// Used part of a vendor's quota, in percent.
    QuotaUsed,
    /// Days until the first credential expires.
    CredentialDaysLeft,
    /// From the sending of its message to its acceptance, in milliseconds; one value a delivery.
    DeliveryLatencyMs,
    /// One call to a vendor, in milliseconds; one value a call.
    VendorCallMs,
    /// Answers that said "too many requests".
    RateLimited,
    /// Webhooks with a good signature.
    WebhookReceived,
    /// Webhooks refused that name a shop that is known.
    WebhookRefused,
    /// Webhooks with a good signature whose topic nobody here handles.
    WebhookUnhandled,
    /// Webhooks of another version of the vendor's API than the configured one.
    ApiVersionOther,
    /// A buyer asks a merchant for their data: the value is the vendor's id of the request, since an alarm's mail names nothing else.
    DataRequested,
    /// Newer versions that ask for the effect there is: nothing was called.
    Unchanged,
    /// Values that were made to fit the destination.
    Mended,
    /// Logins that the vendor refused, by a fresh token of the secret read again.
    LoginFailed,
    /// Answers that said more calls ran at a time than the account may make.
    OverLimit,
    /// Certificates' currencies of which source and destination have other totals; as 0 too.
    TotalsDiffer,
    /// Shops of which nothing was heard for longer than usual; as 0 too.
    SilentShops,
    /// Balances of a certificate's sample that differ between the ends; as 0 too.
    BalancesDiffer,
    /// For how long the oldest pause has lasted, of the flow or of one of its stores, in full hours; as 0 too.
    PausedHours,
}

impl Metric {
    /// All of them: the contract with alarms and dashboard.
    pub const ALL: [Self; 36] = [
        Self::OrdersFetched,
        Self::OrdersEnqueued,
        Self::OrdersSkipped,
        Self::Delivered,
        Self::AlreadyDelivered,
        Self::Retried,
        Self::Uncertain,
        Self::Rejected,
        Self::Parked,
        Self::Confirmed,
        Self::Missing,
        Self::OpenDeliveries,
        Self::OldestOpenSeconds,
        Self::OldestUncertainSeconds,
        Self::DaysSettled,
        Self::DaysOverdue,
        Self::QuietDays,
        Self::QuotaUsed,
        Self::CredentialDaysLeft,
        Self::DeliveryLatencyMs,
        Self::VendorCallMs,
        Self::RateLimited,
        Self::OrdersOutside,
        Self::WebhookReceived,
        Self::WebhookRefused,
        Self::WebhookUnhandled,
        Self::ApiVersionOther,
        Self::DataRequested,
        Self::Unchanged,
        Self::Mended,
        Self::LoginFailed,
        Self::OverLimit,
        Self::TotalsDiffer,
        Self::SilentShops,
        Self::BalancesDiffer,
        Self::PausedHours,
    ];

    /// Those that are emitted even when nothing of the kind happened, so that an alarm has data.
    pub(crate) const ALWAYS: [Self; 3] = [Self::Rejected, Self::Parked, Self::Missing];

    /// The metric's name in CloudWatch.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrdersFetched => "OrdersFetched",
            Self::OrdersEnqueued => "OrdersEnqueued",
            Self::OrdersSkipped => "OrdersSkipped",
            Self::OrdersOutside => "OrdersOutside",
            Self::Delivered => "Delivered",
            Self::AlreadyDelivered => "AlreadyDelivered",
            Self::Retried => "Retried",
            Self::Uncertain => "Uncertain",
            Self::Rejected => "Rejected",
            Self::Parked => "Parked",
            Self::Confirmed => "Confirmed",
            Self::Missing => "Missing",
            Self::OpenDeliveries => "OpenDeliveries",
            Self::OldestOpenSeconds => "OldestOpenSeconds",
            Self::OldestUncertainSeconds => "OldestUncertainSeconds",
            Self::DaysSettled => "DaysSettled",
            Self::DaysOverdue => "DaysOverdue",
            Self::QuietDays => "QuietDays",
            Self::QuotaUsed => "QuotaUsed",
            Self::CredentialDaysLeft => "CredentialDaysLeft",
            Self::DeliveryLatencyMs => "DeliveryLatencyMs",
            Self::VendorCallMs => "VendorCallMs",
            Self::RateLimited => "RateLimited",
            Self::WebhookReceived => "WebhookReceived",
            Self::WebhookRefused => "WebhookRefused",
            Self::WebhookUnhandled => "WebhookUnhandled",
            Self::ApiVersionOther => "ApiVersionOther",
            Self::DataRequested => "DataRequested",
            Self::Unchanged => "Unchanged",
            Self::Mended => "Mended",
            Self::LoginFailed => "LoginFailed",
            Self::OverLimit => "OverLimit",
            Self::TotalsDiffer => "TotalsDiffer",
            Self::SilentShops => "SilentShops",
            Self::BalancesDiffer => "BalancesDiffer",
            Self::PausedHours => "PausedHours",
        }
    }

    /// The unit in CloudWatch's words.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::OldestOpenSeconds | Self::OldestUncertainSeconds => "Seconds",
            Self::DeliveryLatencyMs | Self::VendorCallMs => "Milliseconds",
            Self::QuotaUsed => "Percent",
            // CloudWatch has no unit of hours or days, and none of names.
            Self::CredentialDaysLeft | Self::DataRequested | Self::PausedHours => "None",
            _ => "Count",
        }
    }

    /// Whether there is a series for each store.
    pub(crate) fn is_by_store(self) -> bool {
        matches!(self, Self::Delivered | Self::Rejected | Self::Parked | Self::Missing)
    }

    /// Whether its values are added up, so that a line has their sum; the others are kept one by one.
    pub(crate) fn is_count(self) -> bool {
        self.unit() == "Count" && self != Self::OpenDeliveries
    }
}
