//! The configured fields, found in the org before a run: a field that is not there is an error that names its configuration key,
//! not a query that Salesforce refuses.

use config::{Amount, BusinessDay, Clause, FieldPath, Loyalty, Relay, Returns, Zone};
use org::{Completed, Find, LINES, Unfit, distinct};
use salesforce::{BadField, Record, Schema};

/// The object that holds returns and cancellations of parts, where the org has Order Management.
const CHANGES: &str = "OrderItemSummaryChange";

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

impl Fields {
    /// Finds every configured field in the org.
    pub(crate) async fn find(schema: &Schema<'_>, config: &Relay, loyalty: &Loyalty) -> Result<Self, Unfit> {
        let find = Search { find: Find { schema }, config, loyalty };
        Ok(Self {
            completed: find.find.orders("salesforce.completed", &config.salesforce.completed).await?,
            cancelled: match loyalty.cancelled.as_slice() {
                [] => String::new(),
                clauses => find.find.orders("loyalty.cancelled", clauses).await?,
            },
            order: find.order().await?,
            customer: find.customer().await?,
            returns: find.returns().await?,
            actions: find.actions().await?,
        })
    }
}

struct Search<'a> {
    find: Find<'a>,
    config: &'a Relay,
    loyalty: &'a Loyalty,
}

impl Search<'_> {
    async fn order(&self) -> Result<OrderFields, Unfit> {
        let (find, org, ours) = (&self.find, &self.config.salesforce, self.loyalty);
        let line = |key, path| async move { Ok::<_, Unfit>(find.path("OrderItem", key, path).await?.path) };
        let kind = ours.line.kind.as_ref();
        Ok(OrderFields {
            own: self.original("Order", "").await?,
            email: find.all("Order", "salesforce.email", &org.email).await?,
            customer: find.all("Order", "loyalty.customer.of_order", &ours.customer.of_order).await?,
            coupon: find.maybe("Order", "loyalty.coupon_code", ours.coupon_code.as_ref()).await?,
            ip_address: find.maybe("Order", "loyalty.ip_address", ours.ip_address.as_ref()).await?,
            user_agent: find.maybe("Order", "loyalty.user_agent", ours.user_agent.as_ref()).await?,
            worth: self.worth().await?,
            line: LineFields {
                id: line("salesforce.line.product_id", &org.line.product_id).await?,
                name: line("salesforce.line.name", &org.line.name).await?,
                price: line("loyalty.line.price", &ours.line.price).await?,
                vendor: find.maybe("OrderItem", "loyalty.line.vendor", ours.line.vendor.as_ref()).await?,
                kind: find.maybe("OrderItem", "loyalty.line.type", kind).await?,
                collections: find
                    .maybe("OrderItem", "loyalty.line.collections", ours.line.collections.as_ref())
                    .await?,
            },
        })
    }

    /// The order itself, or the one at the end of `above`, a path of relationships with a point at its end.
    async fn original(&self, object: &str, above: &str) -> Result<Original, Unfit> {
        let (find, org, by) = (&self.find, &self.config.salesforce, &self.loyalty.route_by);
        let at = |key, path: &FieldPath| {
            let path = format!("{above}{path}");
            async move {
                let reason = "which is too far from a return to be read with it".to_owned();
                let unusable = |path| Unfit::Unusable { key, path, reason };
                let path = path.parse::<FieldPath>().map_err(|_| unusable(path))?;
                Ok::<_, Unfit>(find.path(object, key, &path).await?.path)
            }
        };
        let maybe = async |key, path: &Option<FieldPath>| match path {
            Some(path) => at(key, path).await.map(Some),
            None => Ok(None),
        };
        let (_, kind) = find.completed_at(&org.completed_at).await?;
        Ok(Original {
            id: format!("{above}Id"),
            completed_at: (at("salesforce.completed_at", &org.completed_at).await?, kind),
            routing: Routing {
                store: maybe("loyalty.route_by.store", &by.store).await?,
                locale: maybe("loyalty.route_by.locale", &by.locale).await?,
                currency: maybe("salesforce.currency", &org.currency).await?,
            },
        })
    }

    async fn worth(&self) -> Result<Worth, Unfit> {
        Ok(match &self.loyalty.amount {
            Amount::Field(field) => Worth::Field(self.find.stored("Order", "loyalty.amount", field).await?.path),
            Amount::Lines { sum, keep } => {
                let sum = self.find.stored("OrderItem", "loyalty.amount", sum).await?.path;
                Worth::Lines { sum, keep: self.keep("", keep).await? }
            }
        })
    }

    /// The clauses on a line, each with its path from the line on, which is `above`.
    async fn keep(&self, above: &str, clauses: &[Clause]) -> Result<Vec<(String, Clause)>, Unfit> {
        let mut found = Vec::with_capacity(clauses.len());
        for clause in clauses {
            let path = self.find.path("OrderItem", "loyalty.amount", &clause.field).await?.path;
            found.push((format!("{above}{path}"), clause.clone()));
        }
        Ok(found)
    }

    async fn customer(&self) -> Result<CustomerFields, Unfit> {
        let (find, ours) = (&self.find, &self.loyalty.customer);
        let object = ours.object.as_str();
        let email = find.path(object, "loyalty.customer.email", &ours.email).await?;
        if !email.field.filterable {
            let reason =
                "a field that Salesforce cannot filter by: other customers with the same address are looked for";
            let (key, reason) = ("loyalty.customer.email", reason.to_owned());
            return Err(Unfit::Unusable { key, path: email.path, reason });
        }
        let maybe = |key, path| find.maybe(object, key, path);
        Ok(CustomerFields {
            object,
            id: find.all(object, "salesforce.customer_id", &self.config.salesforce.customer_id).await?,
            email: email.path,
            first_name: maybe("loyalty.customer.first_name", ours.first_name.as_ref()).await?,
            last_name: maybe("loyalty.customer.last_name", ours.last_name.as_ref()).await?,
            phone: maybe("loyalty.customer.phone", ours.phone.as_ref()).await?,
            country: maybe("loyalty.customer.country", ours.country.as_ref()).await?,
            has_account: maybe("loyalty.customer.has_account", ours.has_account.as_ref()).await?,
            opt_in: maybe("loyalty.customer.opt_in", ours.opt_in.as_ref()).await?,
            tags: maybe("loyalty.customer.tags", ours.tags.as_ref()).await?,
            routing: Routing {
                store: maybe("loyalty.customer.route_by.store", ours.route_by.store.as_ref()).await?,
                locale: maybe("loyalty.customer.route_by.locale", ours.route_by.locale.as_ref()).await?,
                currency: maybe("loyalty.customer.currency", ours.currency.as_ref()).await?,
            },
        })
    }

    async fn returns(&self) -> Result<Option<ReturnFields>, Unfit> {
        let key = "loyalty.returns";
        Ok(match &self.loyalty.returns {
            Returns::None => None,
            Returns::ReductionOrders => Some(ReturnFields {
                object: "Order".to_owned(),
                of: self.original("Order", "OriginalOrder.").await?,
                currency: self.original("Order", "").await?.routing.currency,
                worth: self.worth().await?,
                when: format!("{} = true AND StatusCode = 'Activated'", org::REDUCTION),
            }),
            Returns::OrderItemSummaryChanges => {
                let (amount, keep) = match &self.loyalty.amount {
                    Amount::Field(_) => ("TotalPrice", Vec::new()),
                    Amount::Lines { sum, keep } => (sum.as_str(), self.keep("ChangeOrderItem.", keep).await?),
                };
                let path = format!("ChangeOrderItem.{amount}").parse::<FieldPath>();
                let reason = "which is too far from a change to be read with it".to_owned();
                let path = path.map_err(|_| Unfit::Unusable { key, path: amount.to_owned(), reason })?;
                let of = self.original(CHANGES, "OrderSummary.OriginalOrder.").await?;
                Some(ReturnFields {
                    object: CHANGES.to_owned(),
                    currency: of.routing.currency.clone(),
                    of,
                    worth: Worth::Line { amount: self.find.stored(CHANGES, key, &path).await?.path, keep },
                    when: "ChangeType IN ('Cancel', 'Return')".to_owned(),
                })
            }
            Returns::Object(from) => {
                let object = from.object.as_str();
                let order = self.find.path(object, key, &from.order).await?;
                let Some(above) = order.field.relationship_name.filter(|_| order.field.reference_to == ["Order"])
                else {
                    let reason =
                        "which is no look-up of orders; expected the field that points to the order".to_owned();
                    return Err(Unfit::Unusable { key, path: order.path, reason });
                };
                let of = self.original(object, &format!("{above}.")).await?;
                let own = self.find.schema.object(object).await.map_err(Unfit::from)?;
                let own = own.field("CurrencyIsoCode").filter(|_| of.routing.currency.is_some());
                Some(ReturnFields {
                    object: object.to_owned(),
                    currency: own.map(|field| field.name.clone()).or_else(|| of.routing.currency.clone()),
                    of,
                    worth: Worth::Field(self.find.stored(object, key, &from.amount).await?.path),
                    when: self.find.condition(object, key, &from.when).await?,
                })
            }
        })
    }

    async fn actions(&self) -> Result<Vec<ActionFields>, Unfit> {
        let mut found = Vec::with_capacity(self.loyalty.actions.len());
        for (word, action) in &self.loyalty.actions {
            let (key, object) = ("loyalty.actions", action.object.as_str());
            found.push(ActionFields {
                word: word.clone(),
                object: object.to_owned(),
                when: self.find.condition(object, key, &action.when).await?,
                date: self.date(object, key, &action.date).await?,
                customer: self.find.path(object, key, &action.customer).await?.path,
            });
        }
        Ok(found)
    }
}

impl Search<'_> {
    async fn date(&self, object: &str, key: &'static str, path: &FieldPath) -> Result<(String, Completed), Unfit> {
        let found = self.find.stored(object, key, path).await?;
        match found.field.kind.as_str() {
            "datetime" => Ok((found.path, Completed::DateTime)),
            "date" => Ok((found.path, Completed::Date)),
            other => {
                let reason = format!("a field of type {other}; expected a date or date-time field");
                Err(Unfit::Unusable { key, path: found.path, reason })
            }
        }
    }
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
