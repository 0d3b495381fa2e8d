//! The configured fields, found in the org before a run: a field that is not there is an error that names its configuration key,
//! not a query that Salesforce refuses.

use super::fields::{
    ActionFields, CustomerFields, Fields, LineFields, OrderFields, Original, ReturnFields, Routing, Worth,
};
use config::{Amount, Clause, FieldPath, Loyalty, Relay, Returns};
use org::{Completed, Find, Unfit};
use salesforce::Schema;

/// The object that holds returns and cancellations of parts, where the org has Order Management.
const CHANGES: &str = "OrderItemSummaryChange";

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

    /// That the org has what a way to its returns begins with: else a key would be named that has nothing to do with it.
    async fn has(&self, object: &str, path: &str) -> Result<(), Unfit> {
        match self.find.schema.resolve(object, path).await {
            Ok(_) => Ok(()),
            Err(source @ salesforce::Error::Missing { .. }) => {
                Err(Unfit::Missing { key: "loyalty.returns", path: path.to_owned(), source })
            }
            Err(other) => Err(other.into()),
        }
    }

    async fn returns(&self) -> Result<Option<ReturnFields>, Unfit> {
        let key = "loyalty.returns";
        match &self.loyalty.returns {
            Returns::ReductionOrders => self.has("Order", "OriginalOrderId").await?,
            Returns::OrderItemSummaryChanges => self.has(CHANGES, "OrderSummary.OriginalOrderId").await?,
            Returns::Object(_) | Returns::None => {}
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::Bench;

    #[tokio::test]
    async fn the_key_that_is_wrong_is_the_one_that_is_named() {
        let amount = "amount = { field = \"TotalAmount\" }";
        for (from, to, without, said) in [
            ("", "", Some("OriginalOrderId"), "misconfigured: `loyalty.returns` is \"OriginalOrderId\", but"),
            (
                amount,
                "amount = { field = \"Completed_Formula__c\" }",
                None,
                "misconfigured: `loyalty.amount` is \"Completed_Formula__c\", a formula",
            ),
            (amount, "amount = { sum = \"Net__c\" }", None, "misconfigured: `loyalty.amount` is \"Net__c\", but"),
            (
                "#opt_in = \"Loyalty_Member__c\"",
                "opt_in = \"Loyalty_Member__c\"",
                None,
                "misconfigured: `loyalty.customer.opt_in` is",
            ),
            (
                "returns = { source = \"reduction_orders\" }",
                "returns = { source = \"order_item_summary_changes\" }",
                None,
                "misconfigured: `loyalty.returns` is",
            ),
        ] {
            let bench = Bench::new(&[(from, to)]);
            if let Some(field) = without {
                bench.vendors.salesforce.remove_field("Order", field).unwrap();
            }
            let refused =
                Fields::find(&bench.client.schema(), &bench.config, &bench.loyalty).await.unwrap_err().to_string();
            assert!(refused.starts_with(said), "{refused}");
        }
    }
}
