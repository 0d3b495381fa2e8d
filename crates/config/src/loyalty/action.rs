//! `[loyalty.actions.<word>]`: a record of the org that becomes an action at Yotpo.

use crate::fault::{Fault, require};
use crate::{Clause, FieldPath};
use serde::Deserialize;

/// A lifecycle event, once for each record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The campaign's action name at Yotpo.
    pub name: String,
    /// The object of the org, such as `Case`.
    pub object: FieldPath,
    /// A record counts when every clause holds; paths start at the object. Never empty.
    pub when: Vec<Clause>,
    /// Its field that says when it happened.
    pub date: FieldPath,
    /// Its field with the id of the customer's record.
    pub customer: FieldPath,
    /// What the customer's history shows; the record's id, shortened, is put behind it.
    pub title: String,
}

impl Action {
    pub(super) fn check(&self, word: &str) -> Result<(), Fault> {
        let key = format!("loyalty.actions.{word}");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        require(
            (1..=40).contains(&word.len()) && word.chars().all(plain),
            &key,
            "expected another word after `actions.`: at most 40 small letters, digits and `_`, for it is part of a key",
        )?;
        let texts = [("name", &self.name), ("title", &self.title)];
        for (field, text) in texts {
            let fits = !text.trim().is_empty() && text.chars().count() <= 100 && !text.contains(char::is_control);
            require(fits, &format!("{key}.{field}"), "expected a text of at most 100 characters")?;
        }
        require(!self.when.is_empty(), &format!("{key}.when"), "expected at least one clause")?;
        let own = [("object", &self.object), ("date", &self.date), ("customer", &self.customer)];
        for (field, name) in own {
            require(!name.is_on_parent(), &format!("{key}.{field}"), "expected a name without dots")?;
        }
        Ok(())
    }
}
