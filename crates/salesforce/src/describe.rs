use serde::Deserialize;

/// What the org knows of an object, as far as it is of use here:
/// <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm>.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Describe {
    /// The object's API name.
    pub name: String,
    /// The fields the user may see.
    pub fields: Vec<Field>,
    /// The relationships that subqueries can follow.
    #[serde(default)]
    pub child_relationships: Vec<ChildRelationship>,
}

/// A field of an object.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "they are Salesforce's")]
pub struct Field {
    /// The API name, in the case Salesforce answers with.
    pub name: String,
    /// `string`, `email`, `date`, `datetime`, `double`, `currency`, `picklist`, `reference`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a lookup: its name in paths.
    #[serde(default)]
    pub relationship_name: Option<String>,
    /// Of a lookup: the objects it may point to.
    #[serde(default)]
    pub reference_to: Vec<String>,
    /// A formula or roll-up: it can change without the record's `SystemModstamp`.
    #[serde(default)]
    pub calculated: bool,
    /// No two records have the same value.
    #[serde(default)]
    pub unique: bool,
    /// Salesforce counts its values up.
    #[serde(default)]
    pub auto_number: bool,
    /// May stand in a WHERE clause.
    #[serde(default)]
    pub filterable: bool,
    /// May stand in an ORDER BY clause.
    #[serde(default)]
    pub sortable: bool,
    /// May be null.
    #[serde(default)]
    pub nillable: bool,
    /// Greatest number of characters; 0 where it does not apply.
    #[serde(default)]
    pub length: u32,
    /// The values of a picklist.
    #[serde(default)]
    pub picklist_values: Vec<PicklistValue>,
}

/// A value of a picklist.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PicklistValue {
    /// The value as stored and queried (not the label).
    pub value: String,
    /// Still on offer.
    #[serde(default)]
    pub active: bool,
}

/// A relationship from an object to those that point at it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChildRelationship {
    /// The name after `FROM` in a subquery; `None` where subqueries cannot follow.
    #[serde(default)]
    pub relationship_name: Option<String>,
    /// The object at the other end.
    #[serde(rename = "childSObject")]
    pub child_object: String,
    /// Its field that points here.
    #[serde(default)]
    pub field: String,
}

impl Describe {
    /// A field by name.  Names are not case-sensitive, as in SOQL.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The lookup that has this relationship name.
    pub fn lookup(&self, relationship: &str) -> Option<&Field> {
        self.fields.iter().find(|field| is_named(field.relationship_name.as_deref(), relationship))
    }

    /// The child relationship of this name.
    pub fn child(&self, relationship: &str) -> Option<&ChildRelationship> {
        self.child_relationships.iter().find(|child| is_named(child.relationship_name.as_deref(), relationship))
    }
}

fn is_named(name: Option<&str>, wanted: &str) -> bool {
    name.is_some_and(|name| name.eq_ignore_ascii_case(wanted))
}
