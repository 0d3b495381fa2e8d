//! An order as a person names it: by its Salesforce id, or by the id that Yotpo knows it by.

use crate::fields::Fields;
use salesforce::{Id, soql};
use std::{fmt, str::FromStr};

/// The ids of orders begin with this, in every org: describe calls it `keyPrefix`.
const ORDERS: &str = "801";
/// No text field of Salesforce that can be searched is longer.
const LONGEST: usize = 255;

/// One order, by either of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    text: String,
    id: Option<Id>,
}

/// A text that names no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an order's Salesforce id, 15 or 18 characters from 801 on in their right case, or its order id")]
pub struct NoName;

impl FromStr for Named {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let text = text.trim();
        let id = Id::parse(text).ok().filter(|id| id.as_str().starts_with(ORDERS));
        // An id whose case was lost on its way would be looked for under another name, and not found.
        let mangled = id.is_none()
            && text.len() == 18
            && text.starts_with(ORDERS)
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && text.bytes().any(|byte| byte.is_ascii_alphabetic());
        if text.is_empty() || text.len() > LONGEST || mangled {
            return Err(NoName);
        }
        Ok(Self { text: text.to_owned(), id })
    }
}

impl Named {
    /// Its Salesforce id, if it was named by that.
    pub fn id(&self) -> Option<&Id> {
        self.id.as_ref()
    }

    /// Whether this is the order with these names.
    pub fn is(&self, id: &str, order_id: &str) -> bool {
        self.text == order_id || self.id.as_ref().is_some_and(|own| own.as_str() == id)
    }

    /// The order, completed or not.
    pub fn query(&self, fields: &Fields) -> String {
        format!(
            "SELECT {} FROM Order WHERE {} ORDER BY SystemModstamp, Id",
            fields.select_list(),
            self.condition(fields)
        )
    }

    /// The order's id, if it counts as completed.
    pub fn query_completed(&self, fields: &Fields) -> String {
        format!("SELECT Id FROM Order WHERE ({}) AND {}", fields.completed, self.condition(fields))
    }

    /// The condition that it is this order.
    pub fn condition(&self, fields: &Fields) -> String {
        let by_order_id = format!("{} = {}", fields.order_id, soql::quote(&self.text));
        match &self.id {
            Some(id) if fields.order_id == "Id" => format!("(Id = {})", soql::quote(id.as_str())),
            Some(id) => format!("(Id = {} OR {by_order_id})", soql::quote(id.as_str())),
            None => format!("({by_order_id})"),
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_named_by_either_of_its_ids() {
        let by_id: Named = "801RO000000AbcD".parse().unwrap();
        assert!(by_id.is("801RO000000AbcDYAS", "7") && !by_id.is("801RO000000AbcEYAS", "7"));
        let by_number: Named = " 00000107 ".parse().unwrap();
        assert!(by_number.id().is_none() && by_number.is("801RO000000AbcDYAS", "00000107"));
        // The id of another object is an order id like any other text.
        assert_eq!("003RO0000035WQgYAM".parse::<Named>().unwrap().id(), None);
        assert_eq!("801000000000000012".parse::<Named>().unwrap().id(), None);
    }

    #[test]
    fn what_names_no_order_is_refused() {
        for text in ["", "  ", "801ro000000abcdyas", &"7".repeat(256)] {
            assert_eq!(text.parse::<Named>(), Err(NoName), "{text}");
        }
    }
}
