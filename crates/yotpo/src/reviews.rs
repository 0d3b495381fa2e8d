use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use rest::{BaseUrl, Method, Reply, Request, TokenCell};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::answer::{judge, refuses_keys};
use crate::credentials::ending;
use crate::{Error, MissingKey, Purchase, PurchasePage, StoreCredentials, read_back};

/// The Reviews API of one store.
///
/// The token is kept until it is refused (Yotpo says nothing about how long it lives:
/// <https://apidocs.yotpo.com/reference/yotpo-authentication>), and minted by one caller while the others wait.
pub struct Reviews {
    http: rest::Client,
    base: BaseUrl,
    app_key: String,
    secret_key: SecretString,
    token: TokenCell<SecretString, Error>,
    now: fn() -> DateTime<Utc>,
}

/// What is sent, but for the token.
#[derive(Serialize)]
struct Unsigned<'a> {
    validate_data: bool,
    #[serde(flatten)]
    purchase: &'a Purchase,
}

/// What is sent.
#[derive(Serialize)]
struct Signed<'a> {
    utoken: &'a str,
    #[serde(flatten)]
    body: Unsigned<'a>,
}

impl Purchase {
    /// What Yotpo would get of it, without the token: to be looked at.
    pub fn as_sent(&self) -> impl Serialize {
        Unsigned { validate_data: true, purchase: self }
    }
}

#[derive(Serialize)]
struct TokenRequest<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    grant_type: &'static str,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
}

impl Reviews {
    /// A client that asks for its token at its first call.  `now` is what dates in `Retry-After` are compared with.
    pub fn new(
        http: rest::Client,
        reviews_url: &BaseUrl,
        store: &StoreCredentials,
        now: fn() -> DateTime<Utc>,
    ) -> Result<Reviews, MissingKey> {
        let (app_key, secret_key) = store.reviews()?;
        Ok(Reviews {
            http,
            base: reviews_url.clone(),
            app_key: app_key.to_owned(),
            secret_key: secret_key.clone(),
            token: TokenCell::new(),
            now,
        })
    }

    /// Hands an order in: `POST /apps/{app_key}/purchases`.
    ///
    /// `Ok` means that Yotpo has queued it.  An order it has already is not created again, so that repeating the call is
    /// harmless.
    pub async fn create_purchase(&self, purchase: &Purchase) -> Result<(), Error> {
        purchase.check()?;
        let url = self.base.join(&["apps", &self.app_key, "purchases"]);
        let personal = [purchase.email.as_str(), purchase.customer_name.as_str()];
        self.send(&personal, |utoken| {
            Ok(Request::json(
                Method::Post,
                url.clone(),
                &Signed { utoken, body: Unsigned { validate_data: true, purchase } },
            )?)
        })
        .await?;
        Ok(())
    }

    /// Reads back what has arrived: `GET /apps/{app_key}/purchases`, pages from 1, at most 200 rows a page.
    /// What `since_date` is compared with is not documented.
    pub async fn purchases(&self, since_date: NaiveDate, page: u32, count: u32) -> Result<PurchasePage, Error> {
        let url = self.base.join(&["apps", &self.app_key, "purchases"]);
        let reply = self
            .send(&[], |utoken| {
                let mut url = url.clone();
                url.query_pairs_mut()
                    .append_pair("utoken", utoken)
                    .append_pair("since_date", &since_date.format("%Y-%m-%d").to_string())
                    .append_pair("page", &page.to_string())
                    .append_pair("count", &count.to_string());
                Ok(Request::get(url))
            })
            .await?;
        let read_back::Answer { response } = reply.json()?;
        Ok(response)
    }

    /// The app key: clients that have the same share an account.
    pub fn account(&self) -> &str {
        &self.app_key
    }

    /// The end of the app key, for a person to recognise the account by: four characters, of a short key none.
    pub fn account_ending(&self) -> &str {
        ending(&self.app_key)
    }

    /// Asks for a new token, which later calls use: whether the keys are good.
    pub async fn log_in(&self) -> Result<(), Error> {
        self.token.forget().await;
        self.token.get(None, self.mint()).await.map(drop)
    }

    /// Every call but the one for the token: with the token, minted anew once if Yotpo refuses the one we have.
    async fn send<'a>(
        &self,
        personal: &[&str],
        request: impl Fn(&str) -> Result<Request<'a>, Error>,
    ) -> Result<Reply, Error> {
        let mut refused: Option<Arc<SecretString>> = None;
        loop {
            let token = self.token.get(refused.as_ref(), self.mint()).await.map_err(Error::before_the_call)?;
            let reply = self.http.send(request(token.expose_secret())?).await?;
            match judge(&reply, (self.now)(), personal) {
                Ok(()) => return Ok(reply),
                // Any 401 may mean that the token has expired, whoever says it.
                Err(error) if refused.is_none() && (matches!(error, Error::Unauthorized) || reply.status == 401) => {
                    refused = Some(token);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// `POST /oauth/token`.
    async fn mint(&self) -> Result<SecretString, Error> {
        let fields = TokenRequest {
            client_id: &self.app_key,
            client_secret: self.secret_key.expose_secret(),
            grant_type: "client_credentials",
        };
        let url = self.base.join(&["oauth", "token"]);
        let reply = self.http.send(Request::json(Method::Post, url, &fields)?).await?;
        match judge(&reply, (self.now)(), &[]) {
            // A login that is understood and refused is a wrong key, whatever the number.
            Err(Error::Refused { .. }) => return Err(Error::Unauthorized),
            Err(_) if refuses_keys(&reply) => return Err(Error::Unauthorized),
            judged => judged?,
        }
        let TokenAnswer { access_token } = reply.json()?;
        Ok(access_token)
    }
}

impl std::fmt::Debug for Reviews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reviews({})", self.base)
    }
}

#[cfg(test)]
mod tests;
