//! The configured fields, found in the org before the run: a field that is not there is an error that names
//! its configuration key, not a query that Salesforce refuses at night.

use config::{FieldPath, Relay, Spec};
use salesforce::{Piece, Schema, soql};

/// The child relationship that holds an order's lines.
pub const LINES: &str = "OrderItems";

/// The objects that every configured path begins at.
const OBJECTS: [&str; 2] = ["Order", "OrderItem"];

/// The checkbox of an order that takes goods back: what it returns was not bought, and nobody is asked for a review of it. Orgs
/// without reduction orders, and users who may not see it, do not have the field.
/// <https://help.salesforce.com/s/articleView?id=sales.orderreduction_overview.htm>
const REDUCTION: &str = "IsReductionOrder";

/// What kind of field says when an order was completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completed {
    /// An instant: the business day follows from the store's time zone.
    DateTime,
    /// A date: it is the business day.
    Date,
}

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

/// Why the org does not fit the configuration.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Something the configuration names is not in the org.
    #[error("misconfigured: `{key}` is {path:?}, but {source}")]
    Missing {
        /// The configuration key.
        key: &'static str,
        /// Its value.
        path: String,
        /// What the org lacks.
        source: salesforce::Error,
    },
    /// A field that cannot be used for what it is named for.
    #[error("misconfigured: `{key}` is {path:?}, {reason}")]
    Unusable {
        /// The configuration key.
        key: &'static str,
        /// Its value.
        path: String,
        /// Why, and what was expected.
        reason: String,
    },
    /// The org does not have the version of the API.
    #[error("misconfigured: `salesforce.api_version` is {version:?}, but {source}")]
    Version {
        /// The version.
        version: String,
        /// What the org offers.
        source: salesforce::Error,
    },
    /// The user may not see what every order has; no key of the configuration is at fault.
    #[error("{0}: orders are not enabled in the org (Setup, Order Settings), or its user may not read them")]
    Unseen(salesforce::Error),
    /// Salesforce could not be asked.
    #[error(transparent)]
    Salesforce(salesforce::Error),
}

impl From<salesforce::Error> for Unfit {
    fn from(error: salesforce::Error) -> Self {
        match error {
            salesforce::Error::NoSuchVersion { ref version, .. } => {
                Self::Version { version: version.clone(), source: error }
            }
            // The paths begin at these; what is behind a lookup is the path's own affair.
            salesforce::Error::Missing { ref name, piece: Piece::Object, .. } if OBJECTS.contains(&name.as_str()) => {
                Self::Unseen(error)
            }
            salesforce::Error::Missing { piece: Piece::ChildRelationship, .. } => Self::Unseen(error),
            other => Self::Salesforce(other),
        }
    }
}

impl Fields {
    /// Finds every configured field in the org.
    ///
    /// # Errors
    /// Names the key whose field is missing or cannot be used.
    pub async fn find(schema: &Schema<'_>, config: &Relay) -> Result<Self, Unfit> {
        let find = Find { schema };
        let order = &config.salesforce;
        let (order_id, names) = find.names(&order.order_id).await?;
        Ok(Self {
            completed_at: find.completed_at(&order.completed_at).await?,
            email: find.all("salesforce.email", &order.email).await?,
            customer_name: find.all("salesforce.customer_name", &order.customer_name).await?,
            order_id,
            names,
            currency: find.maybe("salesforce.currency", order.currency.as_ref()).await?,
            route_by: find.maybe("salesforce.route_by", order.route_by.as_ref()).await?,
            test_order: find.maybe("reviews.test_order", config.reviews.test_order.as_ref()).await?,
            line: find.lines(&order.line).await?,
            completed: find.condition(&order.completed).await?,
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

/// SOQL refuses a field that is selected twice.
fn distinct(fields: Vec<&str>) -> String {
    let mut seen = Vec::with_capacity(fields.len());
    for field in fields {
        if !seen.contains(&field) {
            seen.push(field);
        }
    }
    seen.join(", ")
}

struct Find<'a> {
    schema: &'a Schema<'a>,
}

impl Find<'_> {
    async fn path(&self, object: &str, key: &'static str, path: &FieldPath) -> Result<salesforce::Resolved, Unfit> {
        self.schema.resolve(object, path.as_str()).await.map_err(|source| match Unfit::from(source) {
            Unfit::Salesforce(source @ salesforce::Error::Missing { .. }) => {
                Unfit::Missing { key, path: path.as_str().to_owned(), source }
            }
            other => other,
        })
    }

    async fn order(&self, key: &'static str, path: &FieldPath) -> Result<String, Unfit> {
        Ok(self.path("Order", key, path).await?.path)
    }

    async fn maybe(&self, key: &'static str, path: Option<&FieldPath>) -> Result<Option<String>, Unfit> {
        match path {
            Some(path) => self.order(key, path).await.map(Some),
            None => Ok(None),
        }
    }

    async fn all(&self, key: &'static str, paths: &[FieldPath]) -> Result<Vec<String>, Unfit> {
        let mut found = Vec::with_capacity(paths.len());
        for path in paths {
            found.push(self.order(key, path).await?);
        }
        Ok(found)
    }

    async fn completed_at(&self, path: &FieldPath) -> Result<(String, Completed), Unfit> {
        let key = "salesforce.completed_at";
        let found = self.path("Order", key, path).await?;
        let unusable =
            |reason: &str| Unfit::Unusable { key, path: path.as_str().to_owned(), reason: reason.to_owned() };
        if found.field.calculated {
            return Err(unusable(
                "a formula: it can change without the order being touched; expected a stored date or date-time field",
            ));
        }
        match found.field.kind.as_str() {
            "datetime" => Ok((found.path, Completed::DateTime)),
            "date" => Ok((found.path, Completed::Date)),
            other => Err(unusable(&format!("a field of type {other}; expected a date or date-time field"))),
        }
    }

    /// The field that names an order at the destination. A field of another record is unique there, if at all, and not here.
    async fn names(&self, path: &FieldPath) -> Result<(String, Names), Unfit> {
        let key = "salesforce.order_id";
        let found = self.path("Order", key, path).await?;
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

    async fn lines(&self, config: &config::Line) -> Result<LineFields, Unfit> {
        let (_, object) = self.schema.child("Order", LINES).await?;
        let find = async |key, path: &FieldPath| Ok::<_, Unfit>(self.path(&object, key, path).await?.path);
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

    async fn condition(&self, clauses: &[config::Clause]) -> Result<String, Unfit> {
        let mut conditions = Vec::with_capacity(clauses.len() + 1);
        let mut says_otherwise = false;
        for clause in clauses {
            let key = "salesforce.completed";
            let found = self.path("Order", key, &clause.field).await?;
            let unusable = |reason: &str| Unfit::Unusable { key, path: found.path.clone(), reason: reason.to_owned() };
            if found.field.calculated {
                return Err(unusable(
                    "a formula: an order would become completed without being touched, and not be found; expected a stored field",
                ));
            }
            if !found.field.filterable {
                return Err(unusable("a field that Salesforce cannot filter by"));
            }
            conditions.push(compare(&found.path, clause));
            says_otherwise |= found.path == REDUCTION;
        }
        let order = self.schema.object("Order").await.map_err(Unfit::Salesforce)?;
        if !says_otherwise && order.field(REDUCTION).is_some_and(|field| field.filterable) {
            conditions.push(format!("{REDUCTION} = false"));
        }
        Ok(conditions.join(" AND "))
    }
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

fn compare(path: &str, clause: &config::Clause) -> String {
    let values: Vec<String> = clause.values.iter().map(literal).collect();
    match (values.as_slice(), clause.negated) {
        // IN takes no booleans reliably.
        ([yes, no], false) if matches!(clause.values[0], config::Literal::Boolean(_)) => {
            format!("({path} = {yes} OR {path} = {no})")
        }
        ([value], false) => format!("{path} = {value}"),
        ([value], true) => format!("{path} != {value}"),
        (values, false) => format!("{path} IN ({})", values.join(", ")),
        (values, true) => format!("{path} NOT IN ({})", values.join(", ")),
    }
}

fn literal(value: &config::Literal) -> String {
    match value {
        config::Literal::Boolean(value) => value.to_string(),
        config::Literal::Integer(value) => value.to_string(),
        config::Literal::Decimal(value) => value.to_string(),
        config::Literal::Text(text) => soql::quote(text),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn clause(toml: &str) -> config::Clause {
        let text = include_str!("../../../infra/config/relay.toml")
            .replace(r#"completed = [{ field = "Status", is = ["Completed"] }]"#, &format!("completed = [{toml}]"));
        config::Relay::parse(&text, "test").unwrap().salesforce.completed.remove(0)
    }

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
    fn what_no_key_names_is_no_keys_fault() {
        let missing = |object: &str, piece, name: &str| {
            let (object, name) = (object.to_owned(), name.to_owned());
            Unfit::from(salesforce::Error::Missing { object, piece, name }).to_string()
        };
        for unseen in [
            missing("the org", Piece::Object, "Order"),
            missing("the org", Piece::Object, "OrderItem"),
            missing("Order", Piece::ChildRelationship, LINES),
        ] {
            assert!(unseen.contains("may not read") && !unseen.contains("misconfigured"), "{unseen}");
        }
    }

    #[test]
    fn a_value_stays_a_value_whatever_it_says() {
        let clause = clause(r#"{ field = "Status", is = ["x' OR Name != '"] }"#);
        assert_eq!(compare("Status", &clause), r"Status = 'x\' OR Name != \''");
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

    #[test]
    fn clauses_become_soql() {
        assert_eq!(compare("S", &clause(r#"{ field = "S", is_not = ["a", "b"] }"#)), "S NOT IN ('a', 'b')");
        assert_eq!(compare("S", &clause(r#"{ field = "S", is = [false] }"#)), "S = false");
        assert_eq!(compare("S", &clause(r#"{ field = "S", is = [true, false] }"#)), "(S = true OR S = false)");
        assert_eq!(compare("S", &clause(r#"{ field = "S", is_not = [3] }"#)), "S != 3");
    }
}
