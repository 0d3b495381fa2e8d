use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::{Client, Describe, Error, Field, Piece};

/// The objects of an org as far as they have been asked for, each described once.
pub struct Schema<'a> {
    client: &'a Client,
    described: Mutex<BTreeMap<String, Arc<Describe>>>,
}

/// A path that exists.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The path in the case that Salesforce answers with: the one to give to [`Record`](crate::Record).
    pub path: String,
    /// The object at the end of the path.
    pub object: String,
    /// The field at the end of the path.
    pub field: Field,
}

impl<'a> Schema<'a> {
    pub(crate) fn new(client: &'a Client) -> Schema<'a> {
        Schema { client, described: Mutex::new(BTreeMap::new()) }
    }

    /// An object's description, from the first time it was asked for.
    pub async fn object(&self, name: &str) -> Result<Arc<Describe>, Error> {
        let mut described = self.described.lock().await;
        let key = name.to_ascii_lowercase();
        if let Some(known) = described.get(&key) {
            return Ok(Arc::clone(known));
        }
        let describe = self.client.describe(name).await.map_err(|error| match error {
            Error::Refused { status: 404, code, .. } if code == "NOT_FOUND" => {
                missing(&["the org".to_owned()], Piece::Object, name)
            }
            other => other,
        })?;
        let describe = Arc::new(describe);
        described.insert(key, Arc::clone(&describe));
        Ok(describe)
    }

    /// Follows a path such as `BillToContact.Email` from an object through its lookups.  Where a lookup may point to
    /// several objects, the first that has the rest of the path counts.
    ///
    /// [`Error::Missing`] names the piece that does not exist and the object that lacks it.
    pub async fn resolve(&self, object: &str, path: &str) -> Result<Resolved, Error> {
        // Objects that may be at this point of the path.
        let mut candidates = vec![object.to_owned()];
        let mut canonical = String::new();
        let mut rest = path;
        while let Some((relationship, after)) = rest.split_once('.') {
            let (mut name, mut targets) = (None, Vec::new());
            for candidate in &candidates {
                let describe = self.object(candidate).await?;
                if let Some(lookup) = describe.lookup(relationship) {
                    name = name.or_else(|| lookup.relationship_name.clone());
                    targets.extend(lookup.reference_to.clone());
                }
            }
            let name = name.ok_or_else(|| missing(&candidates, Piece::Relationship, relationship))?;
            canonical.push_str(&name);
            canonical.push('.');
            (candidates, rest) = (targets, after);
        }
        for candidate in &candidates {
            let describe = self.object(candidate).await?;
            if let Some(field) = describe.field(rest) {
                canonical.push_str(&field.name);
                return Ok(Resolved { path: canonical, object: describe.name.clone(), field: field.clone() });
            }
        }
        Err(missing(&candidates, Piece::Field, rest))
    }

    /// The object behind a child relationship, with the relationship's name in the case Salesforce answers with:
    /// from `Order`, `OrderItems` gives `("OrderItems", "OrderItem")`.
    pub async fn child(&self, object: &str, relationship: &str) -> Result<(String, String), Error> {
        let describe = self.object(object).await?;
        let child = describe.child(relationship);
        child
            .and_then(|child| Some((child.relationship_name.clone()?, child.child_object.clone())))
            .ok_or_else(|| missing(&[object.to_owned()], Piece::ChildRelationship, relationship))
    }
}

fn missing(objects: &[String], piece: Piece, name: &str) -> Error {
    Error::Missing { object: objects.join(" or "), piece, name: name.to_owned() }
}
