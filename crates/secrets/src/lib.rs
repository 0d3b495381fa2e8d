//! Secrets Manager: a typed secret, or a sentence that says how to mend it.
//!
//! No error, log line or `Debug` output of this crate contains a value. Keep what a secret's type holds in a
//! `secrecy::SecretString`, so that the same is true of it.

mod error;
mod parse;
mod rotating;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use serde::de::DeserializeOwned;

pub use error::Error;
pub use rotating::Rotating;

/// Reads secrets. Nothing is kept: who needs a secret again, after a rotation, gets it again.
#[derive(Debug, Clone)]
pub struct Secrets {
    client: Client,
}

impl Secrets {
    /// With the SDK's one configuration.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// The current version of the secret called `name` (`{stack}/yotpo`), JSON, as a `T`.
    ///
    /// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
    pub async fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let answer = self.client.get_secret_value().secret_id(name).send().await;
        let answer = answer.map_err(|error| Error::of_call(name, &error))?;
        parse::parse(name, answer.secret_string().unwrap_or_default())
    }
}
