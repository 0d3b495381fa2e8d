//! The configured fields, found in the org before the run: a field that is not there is an error that names
//! its configuration key, not a query that Salesforce refuses at night.

use config::{FieldPath, Relay, Spec};
use org::{Completed, Find, LINES, Unfit, distinct};
use salesforce::{Schema, soql};

/// What is known of the field that names an order at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// The org keeps it unique.
    Unique,
    /// Text that several orders may have.
    Text,
    /// A number that several orders may have.
    Number,
    /// The id of another record, that several orders may point to.
    Id,
}

/// Configured paths in the spelling that the org answers with.
#[derive(Clone, Debug)]
pub struct Fields {
    /// When the order was completed, and of which kind the field is.
    pub completed_at: (String, Completed),
    /// Where the buyer's e-mail may be.
    pub email: Vec<String>,
    /// Where the buyer's name may be.
    pub customer_name: Vec<String>,
    /// Yotpo's order id.
    pub order_id: String,
    /// Whether two orders may have the same, and how they are asked for by it.
    pub names: Names,
    /// The order's currency.
    pub currency: Option<String>,
    /// The field that routes to a store.
    pub route_by: Option<String>,
    /// The checkbox of test orders.
    pub test_order: Option<String>,
    /// The same for the lines.
    pub line: LineFields,
    /// The condition on completed orders, in SOQL.
    pub completed: String,
}

/// Configured paths of an order's lines.
#[derive(Clone, Debug)]
pub struct LineFields {
    /// The product's id at Yotpo.
    pub product_id: String,
    /// The product's name.
    pub name: String,
    /// The product's page.
    pub url: Option<String>,
    /// The product's picture.
    pub image: Option<String>,
    /// The product's description.
    pub description: Option<String>,
    /// The price of one piece.
    pub price: Option<String>,
    /// Yotpo's product specs.
    pub specs: Vec<(Spec, String)>,
}

impl Fields {
    /// Finds every configured field in the org.
    ///
    /// # Errors
    /// Names the key whose field is missing or cannot be used.
    pub async fn find(schema: &Schema<'_>, config: &Relay) -> Result<Self, Unfit> {
        let find = Find { schema };
        let order = &config.salesforce;
        let (order_id, names) = names(&find, &order.order_id).await?;
        Ok(Self {
            completed_at: find.completed_at(&order.completed_at).await?,
            email: find.all("Order", "salesforce.email", &order.email).await?,
            customer_name: find.all("Order", "salesforce.customer_name", &order.customer_name).await?,
            order_id,
            names,
            currency: find.maybe("Order", "salesforce.currency", order.currency.as_ref()).await?,
            route_by: find.maybe("Order", "salesforce.route_by", order.route_by.as_ref()).await?,
            test_order: find.maybe("Order", "reviews.test_order", config.reviews.test_order.as_ref()).await?,
            line: lines(&find, &order.line).await?,
            completed: find.orders("salesforce.completed", &order.completed).await?,
        })
    }

    /// The `SELECT` list of a query over orders that says where each belongs, and no more.
    pub fn short_list(&self) -> String {
        let mut fields = vec!["Id", "SystemModstamp", self.completed_at.0.as_str(), self.order_id.as_str()];
        fields.extend(self.route_by.as_deref());
        distinct(fields)
    }

    /// The `SELECT` list of a query over orders, with their lines as a subquery.
    pub fn select_list(&self) -> String {
        let mut fields = vec!["Id", "SystemModstamp", self.completed_at.0.as_str(), self.order_id.as_str()];
        fields.extend(self.email.iter().chain(&self.customer_name).map(String::as_str));
        fields.extend([&self.currency, &self.route_by, &self.test_order].into_iter().flatten().map(String::as_str));
        let line = &self.line;
        let mut lines = vec!["Id", line.product_id.as_str(), line.name.as_str()];
        lines
            .extend([&line.url, &line.image, &line.description, &line.price].into_iter().flatten().map(String::as_str));
        lines.extend(line.specs.iter().map(|(_, path)| path.as_str()));
        format!("{}, (SELECT {} FROM {LINES})", distinct(fields), distinct(lines))
    }
}

/// The field that names an order at the destination. A field of another record is unique there, if at all, and not here.
async fn names(find: &Find<'_>, path: &FieldPath) -> Result<(String, Names), Unfit> {
    let key = "salesforce.order_id";
    let found = find.path("Order", key, path).await?;
    let field = &found.field;
    let standard = ["Id", "OrderNumber"].contains(&field.name.as_str());
    if !found.path.contains('.') && (field.unique || field.auto_number || standard) {
        return Ok((found.path, Names::Unique));
    }
    let unusable = |reason: String| Unfit::Unusable { key, path: path.as_str().to_owned(), reason };
    let names = match field.kind.as_str() {
        "double" | "currency" | "percent" | "int" | "long" => Names::Number,
        "id" | "reference" => Names::Id,
        kind @ ("boolean" | "date" | "datetime" | "time" | "address" | "location" | "base64") => {
            return Err(unusable(format!(
                "a field of type {kind}; expected text or a number that no two orders share"
            )));
        }
        _ => Names::Text,
    };
    if !field.filterable {
        let reason = "a field that Salesforce cannot filter by, and that several orders may share; expected one that is \
                      unique, or by which the others can be found";
        return Err(unusable(reason.to_owned()));
    }
    Ok((found.path, names))
}

async fn lines(org: &Find<'_>, config: &config::Line) -> Result<LineFields, Unfit> {
    let (_, object) = org.schema.child("Order", LINES).await?;
    let find = async |key, path: &FieldPath| Ok::<_, Unfit>(org.path(&object, key, path).await?.path);
    let maybe = async |key, path: &Option<FieldPath>| match path {
        Some(path) => find(key, path).await.map(Some),
        None => Ok(None),
    };
    let mut specs = Vec::with_capacity(config.specs.len());
    for (spec, path) in &config.specs {
        specs.push((*spec, find("salesforce.line.specs", path).await?));
    }
    Ok(LineFields {
        product_id: find("salesforce.line.product_id", &config.product_id).await?,
        name: find("salesforce.line.name", &config.name).await?,
        url: maybe("salesforce.line.url", &config.url).await?,
        image: maybe("salesforce.line.image", &config.image).await?,
        description: maybe("salesforce.line.description", &config.description).await?,
        price: maybe("salesforce.line.price", &config.price).await?,
        specs,
    })
}

impl Names {
    /// A name as a literal of SOQL; `None` where no value of the field can be this.
    pub(crate) fn literal(self, name: &str) -> Option<String> {
        let number = || {
            let digits = name.strip_prefix('-').unwrap_or(name).split('.').collect::<Vec<_>>();
            digits.len() <= 2 && digits.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
        };
        match self {
            Self::Unique | Self::Text => Some(soql::quote(name)),
            Self::Number => number().then(|| name.to_owned()),
            Self::Id => salesforce::Id::parse(name).ok().map(|id| soql::quote(id.as_str())),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The shipped configuration, changed, and a client of the sandbox's org.
    pub(crate) fn org(changes: &[(&str, &str)]) -> (config::Relay, salesforce::Client) {
        let mut text = include_str!("../../../infra/config/relay.toml").to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let config = config::Relay::parse(&text, "test").unwrap();
        let now = chrono::Utc::now;
        let vendors = sandbox::InProcess::new(1, "https://vendors.invalid", now);
        let credentials = serde_json::from_value(vendors.salesforce.secret()).unwrap();
        let http = salesforce::Http::in_process(std::time::Duration::from_secs(20), move |request| {
            let vendors = vendors.clone();
            Box::pin(async move { Ok(vendors.call(request).await) })
        });
        let client = salesforce::Client::new(http, credentials, &config.salesforce.api_version, 0.8, now);
        (config, client)
    }

    #[tokio::test]
    async fn the_key_that_is_wrong_is_the_one_that_is_named() {
        let clause = r#"completed = [{ field = "Status", is = ["Completed"] }]"#;
        for (from, to, named) in [
            (
                "api_version = \"v66.0\"",
                "api_version = \"v99.0\"",
                "misconfigured: `salesforce.api_version` is \"v99.0\", but the org does not have version v99.0 of the API; \
                 it has v31.0 to v68.0",
            ),
            (
                clause,
                r#"completed = [{ field = "Completed_Formula__c", is = ["x"] }]"#,
                "misconfigured: `salesforce.completed` is \"Completed_Formula__c\", a formula",
            ),
            (
                clause,
                r#"completed = [{ field = "Stattus", is = ["x"] }]"#,
                "misconfigured: `salesforce.completed` is \"Stattus\", but Order has no field `Stattus`",
            ),
        ] {
            let (config, client) = org(&[(from, to)]);
            let refused = Fields::find(&client.schema(), &config).await.unwrap_err().to_string();
            assert!(refused.starts_with(named), "{refused}");
        }
    }

    #[test]
    fn a_name_is_asked_for_as_its_field_has_it() {
        assert_eq!(Names::Text.literal("O'Neil-1").as_deref(), Some(r"'O\'Neil-1'"));
        assert_eq!(Names::Number.literal("4711").as_deref(), Some("4711"));
        assert_eq!(Names::Number.literal("-4711.5").as_deref(), Some("-4711.5"));
        // Where the field is empty, the order's own id is its name: no number can be that.
        for name in ["801RO000000AbcDYAS", "", "-", ".", "1.", "1.2.3", "1e3", "1) OR (Id != null"] {
            assert_eq!(Names::Number.literal(name), None, "{name}");
        }
        assert_eq!(Names::Id.literal("801RO000000AbcD").as_deref(), Some("'801RO000000AbcDYAS'"));
        assert_eq!(Names::Id.literal("W-1"), None);
    }
}
