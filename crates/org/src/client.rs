//! The way to the org.

use function::Environment;
use salesforce::{Client, Http};
use secrets::Secrets;

/// A client of the org, with its secret, which is read again when a login is refused: it may have been rotated under a warm
/// function.
///
/// # Errors
/// When the secret does not allow it.
pub async fn client(environment: &Environment, http: Http) -> Result<Client, secrets::Error> {
    let Environment { config, now, .. } = environment;
    let (secrets, name) = (Secrets::new(&environment.aws), environment.secret("salesforce"));
    let credentials = secrets.get(&name).await?;
    let order = &config.salesforce;
    let client = Client::new(http, credentials, &order.api_version, order.quota_share, *now);
    Ok(client.renewed_by(Box::new(move || {
        let (secrets, name) = (secrets.clone(), name.clone());
        Box::pin(async move {
            tracing::warn!(secret = name, "Salesforce refuses the login; the secret is read again");
            match secrets.get(&name).await {
                Ok(credentials) => Some(credentials),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the secret cannot be read again");
                    None
                }
            }
        })
    })))
}
