//! What the mapping makes of an order, as it is shown.

use reviews::preview::Previewed;
use serde::Serialize;
use serde_json::Value;

/// What would become of it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Mapped {
    /// `send`, `skip`, `park`, or what was done before; none while the order's day is not over.
    pub(crate) fate: Option<&'static str>,
    pub(crate) reason: Option<String>,
    pub(crate) products: Vec<String>,
    pub(crate) lines_left_out: usize,
    /// What the destination would get: holds the buyer's data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<Value>,
}

impl Mapped {
    pub(crate) fn of(order: &Previewed, payload: bool) -> Self {
        let purchase = order.purchase.as_ref().filter(|_| payload);
        Self {
            fate: Some(order.fate.as_str()),
            reason: order.reason.clone(),
            products: order.products(),
            lines_left_out: order.lines_left_out,
            payload: purchase.and_then(|purchase| serde_json::to_value(purchase.as_sent()).ok()),
        }
    }
}
