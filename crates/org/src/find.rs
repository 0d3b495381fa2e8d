//! The configured fields, found in the org before the run: a field that is not there is an error that names its configuration
//! key, not a query that Salesforce refuses at night.

use config::FieldPath;
use salesforce::{Piece, Resolved, Schema};

/// The child relationship that holds an order's lines.
pub const LINES: &str = "OrderItems";

/// The objects that every configured path begins at.
const OBJECTS: [&str; 2] = ["Order", "OrderItem"];

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

/// Finds configured paths in the org.
#[derive(Clone, Copy)]
pub struct Find<'a> {
    /// What the org knows of its objects.
    pub schema: &'a Schema<'a>,
}

impl Find<'_> {
    /// A path from `object` on; `key` is where the settings name it.
    ///
    /// # Errors
    /// When the org does not have it.
    pub async fn path(&self, object: &str, key: &'static str, path: &FieldPath) -> Result<Resolved, Unfit> {
        self.schema.resolve(object, path.as_str()).await.map_err(|source| match Unfit::from(source) {
            Unfit::Salesforce(source @ salesforce::Error::Missing { .. }) => {
                Unfit::Missing { key, path: path.as_str().to_owned(), source }
            }
            other => other,
        })
    }

    /// The same, of a field that is stored: a formula can change without its record being touched.
    ///
    /// # Errors
    /// When the org does not have it, or has a formula there.
    pub async fn stored(&self, object: &str, key: &'static str, path: &FieldPath) -> Result<Resolved, Unfit> {
        let found = self.path(object, key, path).await?;
        if found.field.calculated {
            let reason =
                "a formula: it can change without its record being touched; expected a stored field".to_owned();
            return Err(Unfit::Unusable { key, path: found.path, reason });
        }
        Ok(found)
    }

    /// The same in the org's spelling, for a path that may not be configured.
    ///
    /// # Errors
    /// When the org does not have it.
    pub async fn maybe(
        &self,
        object: &str,
        key: &'static str,
        path: Option<&FieldPath>,
    ) -> Result<Option<String>, Unfit> {
        match path {
            Some(path) => Ok(Some(self.path(object, key, path).await?.path)),
            None => Ok(None),
        }
    }

    /// The same for each of a list.
    ///
    /// # Errors
    /// When the org does not have one of them.
    pub async fn all(&self, object: &str, key: &'static str, paths: &[FieldPath]) -> Result<Vec<String>, Unfit> {
        let mut found = Vec::with_capacity(paths.len());
        for path in paths {
            found.push(self.path(object, key, path).await?.path);
        }
        Ok(found)
    }
}

/// A `SELECT` list: SOQL refuses a field that is selected twice.
pub fn distinct(fields: Vec<&str>) -> String {
    let mut seen = Vec::with_capacity(fields.len());
    for field in fields {
        if !seen.contains(&field) {
            seen.push(field);
        }
    }
    seen.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
