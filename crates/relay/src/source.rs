//! The source, as commands read it.

use crate::failure::Failure;
use reviews::{fields::Fields, operate::Operator};

/// Logs in, and finds the configured fields.
pub(crate) async fn open(operator: &Operator) -> Result<(salesforce::Client, Fields), Failure> {
    let client = operator.salesforce().await;
    let client = client.map_err(|error| Failure::undone("set up Salesforce", &error))?;
    let found = Fields::find(&client.schema(), &operator.config).await;
    let fields = found.map_err(|error| {
        Failure::undone("find the configured fields in Salesforce", &error).hint("`relay check` looks at all of them")
    })?;
    Ok((client, fields))
}
