//! The configured fields as the org spells them, and the lists of a query that they make.

use config::{BusinessDay, Clause, Zone};
use org::{Completed, LINES, distinct};
use salesforce::{BadField, Record};

/// What says to which store a record belongs.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    pub(crate) store: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) currency: Option<String>,
}

/// The rule for what an order is worth, and a return.
#[derive(Clone, Debug)]
pub(crate) enum Worth {
    /// This field.
    Field(String),
    /// The sum of a field over the lines of which every clause holds.
    Lines { sum: String, keep: Vec<(String, Clause)> },
    /// A field of the record that is a line itself, if every clause holds.
    Line { amount: String, keep: Vec<(String, Clause)> },
}

/// An order, as it is read by itself or above a return.
#[derive(Clone, Debug)]
pub(crate) struct Original {
    pub(crate) id: String,
    pub(crate) completed_at: (String, Completed),
    pub(crate) routing: Routing,
}

/// What is read of an order, beside that.
#[derive(Clone, Debug)]
pub(crate) struct OrderFields {
    pub(crate) own: Original,
    pub(crate) email: Vec<String>,
    /// Where the id of the customer's record may be.
    pub(crate) customer: Vec<String>,
    pub(crate) coupon: Option<String>,
    pub(crate) ip_address: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) worth: Worth,
    pub(crate) line: LineFields,
}

/// What is read of a line.
#[derive(Clone, Debug)]
pub(crate) struct LineFields {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) price: String,
    pub(crate) vendor: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) collections: Option<String>,
}

/// What is read of a customer.
#[derive(Clone, Debug)]
pub(crate) struct CustomerFields {
    /// Contact or Account.
    pub(crate) object: &'static str,
    pub(crate) id: Vec<String>,
    pub(crate) email: String,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) has_account: Option<String>,
    pub(crate) opt_in: Option<String>,
    pub(crate) tags: Option<String>,
    pub(crate) routing: Routing,
}

/// Where returns are.
#[derive(Clone, Debug)]
pub(crate) struct ReturnFields {
    pub(crate) object: String,
    pub(crate) of: Original,
    /// Its own currency, or that of the order.
    pub(crate) currency: Option<String>,
    pub(crate) worth: Worth,
    /// Which records count, in SOQL; empty: all.
    pub(crate) when: String,
}

/// A lifecycle event.
#[derive(Clone, Debug)]
pub(crate) struct ActionFields {
    /// The word that names it in keys and settings.
    pub(crate) word: String,
    pub(crate) object: String,
    pub(crate) when: String,
    /// When it happened.
    pub(crate) date: (String, Completed),
    /// The id of the customer's record.
    pub(crate) customer: String,
}

/// All of them, in the spelling that the org answers with.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    /// The condition on completed orders, in SOQL.
    pub(crate) completed: String,
    /// That on cancelled ones; none ever is where it is empty.
    pub(crate) cancelled: String,
    pub(crate) order: OrderFields,
    pub(crate) customer: CustomerFields,
    pub(crate) returns: Option<ReturnFields>,
    pub(crate) actions: Vec<ActionFields>,
}

impl Routing {
    fn paths(&self) -> impl Iterator<Item = &str> {
        [&self.store, &self.locale, &self.currency].into_iter().flatten().map(String::as_str)
    }
}

impl Original {
    /// The day on which it was completed, in `zone`.
    pub(crate) fn day(&self, row: &Record, zone: Zone) -> Result<Option<BusinessDay>, BadField> {
        let (path, kind) = &self.completed_at;
        kind.day(row, path, zone)
    }

    fn paths(&self) -> impl Iterator<Item = &str> {
        [self.id.as_str(), self.completed_at.0.as_str()].into_iter().chain(self.routing.paths())
    }
}

impl Worth {
    fn paths(&self) -> Vec<&str> {
        match self {
            Self::Field(path) => vec![path],
            Self::Lines { .. } => Vec::new(),
            Self::Line { amount, keep } => {
                keep.iter().map(|(path, _)| path.as_str()).chain([amount.as_str()]).collect()
            }
        }
    }

    /// What it needs of each line.
    fn line_paths(&self) -> Vec<&str> {
        let Self::Lines { sum, keep } = self else { return Vec::new() };
        keep.iter().map(|(path, _)| path.as_str()).chain([sum.as_str()]).collect()
    }
}

impl OrderFields {
    /// The `SELECT` list of an order, with its lines as a subquery.
    pub(crate) fn list(&self) -> String {
        let mut fields = vec!["Id", "SystemModstamp"];
        fields.extend(self.own.paths());
        fields.extend(self.email.iter().chain(&self.customer).map(String::as_str));
        fields.extend([&self.coupon, &self.ip_address, &self.user_agent].into_iter().flatten().map(String::as_str));
        fields.extend(self.worth.paths());
        let line = &self.line;
        let mut lines = vec!["Id", "Quantity", line.id.as_str(), line.name.as_str(), line.price.as_str()];
        lines.extend([&line.vendor, &line.kind, &line.collections].into_iter().flatten().map(String::as_str));
        lines.extend(self.worth.line_paths());
        format!("{}, (SELECT {} FROM {LINES})", distinct(fields), distinct(lines))
    }
}

impl CustomerFields {
    /// The `SELECT` list of a customer.
    pub(crate) fn list(&self) -> String {
        let mut fields = vec!["Id", "SystemModstamp", "IsDeleted", "MasterRecordId", self.email.as_str()];
        fields.extend(self.id.iter().map(String::as_str));
        let one = [
            &self.first_name,
            &self.last_name,
            &self.phone,
            &self.country,
            &self.has_account,
            &self.opt_in,
            &self.tags,
        ];
        fields.extend(one.into_iter().flatten().map(String::as_str));
        fields.extend(self.routing.paths());
        distinct(fields)
    }

    /// That of one who may share a customer's address, or be merged into them.
    pub(crate) fn short_list(&self) -> String {
        let mut fields = vec!["Id", "IsDeleted", "MasterRecordId", self.email.as_str()];
        fields.extend(self.id.iter().map(String::as_str));
        fields.extend(self.routing.paths());
        distinct(fields)
    }
}

impl ReturnFields {
    /// The `SELECT` list of a return.
    pub(crate) fn list(&self) -> String {
        let mut fields = vec!["Id", "SystemModstamp"];
        fields.extend(self.of.paths());
        fields.extend(self.currency.as_deref());
        fields.extend(self.worth.paths());
        let lines = self.worth.line_paths();
        let lines =
            if lines.is_empty() { String::new() } else { format!(", (SELECT Id, {} FROM {LINES})", distinct(lines)) };
        format!("{}{lines}", distinct(fields))
    }
}

impl ActionFields {
    /// The `SELECT` list of a lifecycle event.
    pub(crate) fn list(&self) -> String {
        distinct(vec!["Id", "SystemModstamp", &self.date.0, &self.customer])
    }
}
