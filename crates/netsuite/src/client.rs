use std::{fmt, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use rest::{Method, Reply, Request, TokenCell};

use crate::{
    AccountId, Credentials, Error,
    answer::{judge, judge_restlet},
    auth::{AccessToken, Signer, mint},
    credentials::Login,
    oauth1::{self, Moment},
};

/// A client of one account.
pub struct Client {
    http: rest::Client,
    pub(crate) credentials: Credentials,
    token: TokenCell<AccessToken, Error>,
    now: fn() -> DateTime<Utc>,
    random: fn() -> u64,
}

/// Whose errors an answer may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    WebService,
    Restlet,
}

impl Client {
    /// A client that logs in at its first call. `http` says how long a call may take; `now` dates logins and signatures, `random`
    /// makes a signature's nonce.
    pub fn new(http: rest::Client, credentials: Credentials, now: fn() -> DateTime<Utc>, random: fn() -> u64) -> Self {
        Self { http, credentials, token: TokenCell::new(), now, random }
    }

    /// The account that it speaks for.
    pub fn account(&self) -> &AccountId {
        &self.credentials.account_id
    }

    /// The last day of the certificate's validity, where the secret says it.
    pub fn certificate_not_after(&self) -> Option<NaiveDate> {
        self.credentials.certificate_not_after
    }

    /// Whether it logs in by a token that it asks for; token-based authentication signs each call instead.
    pub fn asks_for_tokens(&self) -> bool {
        matches!(self.credentials.login, Login::Certificate { .. })
    }

    /// Asks for a new token, which later calls use: whether the certificate and its key are good. Token-based authentication has
    /// nothing to ask: there only a call tells.
    pub async fn log_in(&self) -> Result<(), Error> {
        let Login::Certificate { .. } = self.credentials.login else { return Ok(()) };
        self.token.forget().await;
        self.token.get(None, self.mint()).await.map(drop)
    }

    /// Every call but the one for the token. A 401 to a token costs one more call with a fresh one; a second 401 is the answer.
    pub(crate) async fn send(&self, service: Service, request: Request<'_>) -> Result<Reply, Error> {
        let mut refused: Option<Arc<AccessToken>> = None;
        loop {
            let mut request = request.clone();
            request.headers.push(("X-NetSuite-PropertyNameValidation", "error"));
            let (token, signature);
            match &self.credentials.login {
                Login::Certificate { .. } => {
                    token = Some(self.token(refused.as_ref()).await.map_err(Error::of_a_read)?);
                    request.bearer = token.as_ref().map(|token| &token.secret);
                }
                Login::Tokens(tokens) => {
                    token = None;
                    let nonce = format!("{:016x}{:016x}", (self.random)(), (self.random)());
                    let moment = Moment { timestamp: (self.now)().timestamp(), nonce: &nonce };
                    signature = oauth1::header(name(request.method), &request.url, self.account(), tokens, moment);
                    request.headers.push(("Authorization", &signature));
                }
            }
            let reply = self.http.send(request).await?;
            let judged = match service {
                Service::WebService => judge(&reply, (self.now)()),
                Service::Restlet => judge_restlet(&reply, (self.now)()),
            };
            match judged {
                Ok(()) => return Ok(reply),
                Err(_) if reply.status == 401 && token.is_some() && refused.is_none() => refused = token,
                Err(error) => return Err(error),
            }
        }
    }

    /// The token; a new one in place of the one that was refused, or that is about to expire.
    async fn token(&self, refused: Option<&Arc<AccessToken>>) -> Result<Arc<AccessToken>, Error> {
        let token = self.token.get(refused, self.mint()).await?;
        if (self.now)() < token.renew_at { Ok(token) } else { self.token.get(Some(&token), self.mint()).await }
    }

    async fn mint(&self) -> Result<AccessToken, Error> {
        let Login::Certificate { client_id, certificate_id, algorithm, key } = &self.credentials.login else {
            return Err(Error::Unauthorized { code: "certificate_id".to_owned() });
        };
        let signer = Signer { client_id, certificate_id, algorithm: *algorithm, key };
        mint(&self.http, &self.credentials.suitetalk, signer, (self.now)()).await
    }
}

fn name(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
