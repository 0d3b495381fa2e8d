//! What can be set about Yotpo Loyalty's behaviour, at any time.

/// What becomes of an order or a refund that comes again under its id. Yotpo does not document it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeats {
    /// Nothing.
    #[default]
    Ignored,
    /// The new amount replaces the old one.
    Replace,
    /// It counts once more.
    CountAgain,
}

/// What becomes of a refund of more than is left of its order. Yotpo does not document it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Excess {
    /// What is left is taken.
    #[default]
    Cut,
    /// All of it is taken, and the order is worth less than nothing.
    Applied,
    /// It is lost.
    Lost,
}

/// Yotpo's behaviour where it differs between accounts, or is not documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// An order id that is known already.
    pub repeated_order: Repeats,
    /// A refund id that is known already.
    pub repeated_refund: Repeats,
    /// A refund of more than is left.
    pub excess: Excess,
    /// Milliseconds from the receipt of a refund until Yotpo works on it.
    pub refund_after_ms: i64,
    /// An order with the `customer_id` of a customer and another address makes that the customer's.
    pub address_follows_order: bool,
    /// Points of a redemption go only when an order with its coupon comes.
    pub delay_points_deduction: bool,
    /// Calls of an account in a second; no limit when absent. Yotpo's page says 10.
    pub per_second: Option<u32>,
    /// Calls of an account in a minute; no limit when absent. Yotpo does not say how many.
    pub per_minute: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            repeated_order: Repeats::Ignored,
            repeated_refund: Repeats::Ignored,
            excess: Excess::Cut,
            refund_after_ms: 0,
            address_follows_order: true,
            delay_points_deduction: false,
            per_second: None,
            per_minute: None,
        }
    }
}
