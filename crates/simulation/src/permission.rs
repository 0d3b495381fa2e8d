//! A call to AWS as a permission names it.

use crate::{DEAD_LETTERS, QUEUE, STACK, TABLE, functions::Function};
use serde_json::Value;

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The flow's queue.
    Queue,
    /// Its dead-letter queue.
    DeadLetters,
    /// The ledger's table.
    Table,
    /// An index of it.
    Index(String),
    /// The secret of this name, without the stack's.
    Secret(String),
    /// Nothing that a function is to know of.
    Unknown(String),
}

/// A call that a function makes, in the words of its role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// Who.
    pub function: Function,
    /// What, such as `sqs:SendMessage`.
    pub action: String,
    /// With what.
    pub resource: Resource,
}

impl Call {
    pub(crate) fn of(function: Function, operation: &str, request: &Value) -> Self {
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        let (service, resource) = match operation {
            "GetSecretValue" => {
                let name = text("SecretId").strip_prefix(STACK).and_then(|name| name.strip_prefix('/'));
                ("secretsmanager", name.map(|name| Resource::Secret(name.to_owned())))
            }
            "GetItem" | "BatchGetItem" | "UpdateItem" | "PutItem" | "Query" | "BatchWriteItem" | "DeleteItem"
            | "TransactWriteItems" | "Scan" => {
                let tables = request["RequestItems"].as_object();
                let only_ours = tables.is_some_and(|tables| tables.keys().all(|name| name == TABLE));
                let ours = text("TableName") == TABLE || only_ours;
                let index = request["IndexName"].as_str().map(|name| Resource::Index(name.to_owned()));
                ("dynamodb", ours.then(|| index.unwrap_or(Resource::Table)))
            }
            _ => {
                let queue = match text("QueueUrl") {
                    QUEUE => Some(Resource::Queue),
                    DEAD_LETTERS => Some(Resource::DeadLetters),
                    _ => None,
                };
                ("sqs", queue)
            }
        };
        // A batch call needs the permission of the single one; DynamoDB's are permissions of their own.
        let action = if service == "sqs" { operation.trim_end_matches("Batch") } else { operation };
        let resource = resource.unwrap_or_else(|| Resource::Unknown(request.to_string()));
        Self { function, action: format!("{service}:{action}"), resource }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::REVIEWS_CONSUMER;
    use serde_json::json;

    #[test]
    fn calls_are_named_as_permissions_are() {
        let of = |operation: &str, request: Value| {
            let call = Call::of(REVIEWS_CONSUMER, operation, &request);
            (call.action, call.resource)
        };
        let sent = of("SendMessageBatch", json!({"QueueUrl": DEAD_LETTERS}));
        assert_eq!(sent, ("sqs:SendMessage".to_owned(), Resource::DeadLetters));
        let read = of("BatchGetItem", json!({"RequestItems": {TABLE: {}}}));
        assert_eq!(read, ("dynamodb:BatchGetItem".to_owned(), Resource::Table));
        let asked = of("Query", json!({"TableName": TABLE, "IndexName": "open"}));
        assert_eq!(asked, ("dynamodb:Query".to_owned(), Resource::Index("open".to_owned())));
        let secret = of("GetSecretValue", json!({"SecretId": format!("{STACK}/yotpo")}));
        assert_eq!(secret.1, Resource::Secret("yotpo".to_owned()));
        let elsewhere = of("UpdateItem", json!({"TableName": "another"}));
        assert!(matches!(elsewhere.1, Resource::Unknown(_)), "{elsewhere:?}");
    }
}
