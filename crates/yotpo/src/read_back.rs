use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A page of what Yotpo has, one row for each product of each order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PurchasePage {
    /// The rows; fewer than asked for: the last page.
    pub purchases: Vec<PurchaseRow>,
    /// All rows there are.
    #[serde(default)]
    pub total_purchases: Option<u64>,
    /// The rows of this page.
    #[serde(default)]
    pub total_orders: Option<u64>,
}

/// One product of one order.  What Yotpo sends about the buyer is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PurchaseRow {
    /// Yotpo's own number for the row.
    #[serde(default)]
    pub id: Option<u64>,
    /// The order as we named it.
    #[serde(deserialize_with = "text")]
    pub order_id: String,
    /// The product as we named it.
    #[serde(default, deserialize_with = "optional_text")]
    pub product_sku: Option<String>,
    /// `2013-03-20T00:00:00Z`.
    #[serde(default)]
    pub order_date: Option<String>,
    /// When Yotpo took it in, `2014-10-26T16:35:48Z`.
    #[serde(default)]
    pub created_at: Option<String>,
}

impl PurchasePage {
    /// Whether no page comes after this one, of a reading that asked for `count` rows a page and has `rows` with this one: a
    /// page that is not full is the last, unless Yotpo says that there are more.
    pub fn is_last(&self, count: u32, rows: u64) -> bool {
        let full = self.purchases.len() as u64 >= u64::from(count);
        let more = self.total_purchases.is_some_and(|total| rows < total);
        self.purchases.is_empty() || (!full && !more)
    }
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) response: PurchasePage,
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    optional_text(deserializer)?.ok_or_else(|| serde::de::Error::custom("expected text or a number"))
}

/// Yotpo is not of one mind about quotes around ids.
fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(serde::de::Error::custom("expected text or a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_is_empty_or_not_full() {
        for (rows, total, last) in [
            (200, None, false),
            (200, Some(200), false),
            (7, None, true),
            (7, Some(7), true),
            // Yotpo gives fewer rows a page than it was asked for.
            (100, Some(150), false),
            (0, Some(150), true),
            // A full page of a smaller size.
            (25, None, false),
        ] {
            let row = serde_json::json!({"order_id": "1"});
            let page = serde_json::json!({"purchases": vec![row; rows], "total_purchases": total});
            let page: PurchasePage = serde_json::from_value(page).unwrap();
            let count = if rows == 25 { 25 } else { 200 };
            assert_eq!(page.is_last(count, rows as u64), last, "{rows} {total:?}");
        }
    }
}
