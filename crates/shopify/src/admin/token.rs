use chrono::{DateTime, TimeDelta, Utc};
use rest::{BaseUrl, Class, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Error, Outage};
use crate::Access;

/// A token, and when it is to be renewed if it ends.
pub(crate) struct Token {
    pub(crate) secret: SecretString,
    renew_at: Option<DateTime<Utc>>,
}

/// So long before its end a token is renewed.
const AHEAD: TimeDelta = TimeDelta::minutes(10);

impl Token {
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.renew_at.is_some_and(|at| at <= now)
    }
}

#[derive(Deserialize)]
struct Minted {
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct OauthError {
    error: String,
}

/// The token that never ends, or one of 24 hours by `POST /admin/oauth/access_token`:
/// <https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant>.
pub(crate) async fn mint(
    http: &rest::Client,
    base: &BaseUrl,
    access: &Access,
    now: DateTime<Utc>,
) -> Result<Token, Error> {
    let (client_id, client_secret) = match access {
        Access::Token(secret) => return Ok(Token { secret: secret.clone(), renew_at: None }),
        Access::ClientCredentials { client_id, client_secret } => (client_id, client_secret),
    };
    let url = base.join(&["admin", "oauth", "access_token"]);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", client_secret.expose_secret()),
    ];
    let reply = http.send(Request::form(url, &fields)).await?;
    if reply.class() == Class::Success {
        let Minted { access_token, expires_in } = reply.json()?;
        let renew_at = expires_in.and_then(TimeDelta::try_seconds).map(|life| now + life - AHEAD.min(life / 2));
        return Ok(Token { secret: access_token, renew_at });
    }
    let status = reply.status;
    let retry_after = reply.retry_after(now);
    Err(match (reply.class(), reply.json::<OauthError>()) {
        (Class::RateLimited, _) => Error::Throttled { wait: retry_after.unwrap_or(std::time::Duration::from_secs(2)) },
        (Class::Unauthorized | Class::Refused, Ok(OauthError { error })) => {
            let plain = |c: &char| c.is_ascii_lowercase() || *c == '_';
            Error::Unauthorized { error: error.chars().filter(plain).take(60).collect() }
        }
        (Class::Unauthorized, Err(_)) => Error::Unauthorized { error: "HTTP 401".to_owned() },
        _ => Error::Unavailable { retry_after, source: Outage::Status { status, code: String::new() } },
    })
}
