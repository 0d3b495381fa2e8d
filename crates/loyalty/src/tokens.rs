//! Which store an event is of: its address holds a token, and nothing else says so.

use chrono::{DateTime, TimeDelta, Utc};
use config::StoreName;
use function::ColdStart;
use secrecy::{ExposeSecret as _, SecretString};
use secrets::{Rotating, Secrets};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use yotpo::Credentials;

/// Shorter ones could be guessed.
const SHORTEST: usize = 32;
/// A token that is not known may be a new one: the secret is read again, unless that was just done.
const JUST_READ: TimeDelta = TimeDelta::minutes(1);
/// Yotpo waits.
const READING: Duration = Duration::from_millis(1_500);

/// The tokens of every store that takes part.
pub struct Tokens {
    loaded: Rotating<Known, UnusableToken>,
    now: fn() -> DateTime<Utc>,
}

/// Why the tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableToken {
    /// The secret cannot be read.
    #[error(transparent)]
    Secret(#[from] secrets::Error),
    /// A store has none.
    #[error("misconfigured: secret `{secret}`: `stores.{store}.webhook_token` is absent")]
    Absent {
        /// The secret.
        secret: String,
        /// The store.
        store: StoreName,
    },
    /// It could be guessed.
    #[error(
        "misconfigured: secret `{secret}`: `stores.{store}`: a webhook token has fewer than 32 characters, or others than letters, digits, `-` and `_`"
    )]
    Short {
        /// The secret.
        secret: String,
        /// The store.
        store: StoreName,
    },
    /// It does not say which store.
    #[error("misconfigured: secret `{secret}`: `stores.{store}` has a webhook token that another store has too")]
    Twice {
        /// The secret.
        secret: String,
        /// The store.
        store: StoreName,
    },
}

impl From<UnusableToken> for ColdStart {
    fn from(error: UnusableToken) -> Self {
        match error {
            UnusableToken::Secret(error) => error.into(),
            other => Self::Secret(other.into()),
        }
    }
}

/// What the secret said, and when: hashes, so that all are of one length.
struct Known {
    tokens: Vec<([u8; 32], StoreName)>,
    read_at: DateTime<Utc>,
}

impl Tokens {
    /// Reads the secret called `name`, for these stores.
    ///
    /// # Errors
    /// When it cannot be read, or its tokens cannot be used.
    pub async fn load(
        secrets: Secrets,
        name: String,
        stores: Vec<StoreName>,
        now: fn() -> DateTime<Utc>,
    ) -> Result<Self, UnusableToken> {
        let read = move || {
            let (secrets, name, stores) = (secrets.clone(), name.clone(), stores.clone());
            async move {
                let credentials: Credentials = secrets.get(&name).await?;
                Ok(Known { tokens: known(&name, &stores, &credentials)?, read_at: now() })
            }
        };
        Ok(Self { loaded: Rotating::load(read).await?, now })
    }

    /// The store that has this token, or had it before.
    pub async fn store(&self, token: &str) -> Option<StoreName> {
        if let Some(store) = find(&self.loaded.get().tokens, token) {
            return Some(store);
        }
        let is_old = |known: &Known| (self.now)() - known.read_at >= JUST_READ;
        let anew: Option<Arc<Known>> = tokio::time::timeout(READING, self.loaded.renew(is_old)).await.ok().flatten();
        find(&anew?.tokens, token)
    }
}

/// Every token is compared, whichever fits, and every byte of it.
fn find(tokens: &[([u8; 32], StoreName)], token: &str) -> Option<StoreName> {
    let asked: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let (mut place, mut found) = (0_u32, Choice::from(0));
    for ((known, _), at) in tokens.iter().zip(0_u32..) {
        let same = known.ct_eq(&asked);
        place.conditional_assign(&at, same);
        found |= same;
    }
    let store = tokens.get(place as usize).map(|(_, store)| store.clone());
    if found.into() { store } else { None }
}

fn known(
    secret: &str,
    stores: &[StoreName],
    credentials: &Credentials,
) -> Result<Vec<([u8; 32], StoreName)>, UnusableToken> {
    let mut owners: BTreeMap<[u8; 32], StoreName> = BTreeMap::new();
    for store in stores {
        let (secret, store) = (secret.to_owned(), store.clone());
        let entry = credentials.stores.get(store.as_str());
        let current = entry.and_then(|entry| entry.webhook_token.as_ref());
        let Some(current) = current else { return Err(UnusableToken::Absent { secret, store }) };
        let previous = entry.and_then(|entry| entry.previous_webhook_token.as_ref());
        for token in std::iter::once(current).chain(previous) {
            if !is_fit(token) {
                return Err(UnusableToken::Short { secret, store });
            }
            let hash = Sha256::digest(token.expose_secret().as_bytes()).into();
            if owners.insert(hash, store.clone()).is_some_and(|other| other != store) {
                return Err(UnusableToken::Twice { secret, store });
            }
        }
    }
    Ok(owners.into_iter().collect())
}

/// Whether it is long enough, and stands in an address as it is.
fn is_fit(token: &SecretString) -> bool {
    let token = token.expose_secret();
    token.len() >= SHORTEST && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn names() -> Vec<StoreName> {
        ["us", "de"].map(|name| StoreName::try_from(name.to_owned()).unwrap()).into()
    }

    fn of(us: &serde_json::Value, de: &serde_json::Value) -> Result<Vec<([u8; 32], StoreName)>, UnusableToken> {
        let credentials = serde_json::from_value(json!({"stores": {"us": us, "de": de}})).unwrap();
        known("stack/yotpo", &names(), &credentials)
    }

    fn token(letter: char) -> String {
        letter.to_string().repeat(SHORTEST)
    }

    #[test]
    fn each_token_names_its_store_the_one_before_too() {
        let us = json!({"webhook_token": token('a'), "previous_webhook_token": token('b')});
        let known = of(&us, &json!({"webhook_token": token('c')})).unwrap();
        let store = |token: &str| find(&known, token).map(|store| store.to_string());
        assert_eq!([token('a'), token('b'), token('c')].map(|it| store(&it).unwrap()), ["us", "us", "de"]);
        for wrong in ["", "a", &token('d'), &token('a')[1..], &format!("{}a", token('a'))] {
            assert_eq!(store(wrong), None, "{wrong}");
        }
        assert_eq!(find(&[], &token('a')), None);
    }

    #[test]
    fn tokens_that_could_be_guessed_or_name_two_stores_are_refused() {
        let good = json!({"webhook_token": token('a')});
        for (de, expected) in [
            (json!({}), "is absent"),
            (json!({"webhook_token": "hunter2"}), "fewer than 32"),
            (json!({"webhook_token": format!("{}/../x", token('c'))}), "letters, digits"),
            (json!({"webhook_token": token('c'), "previous_webhook_token": token('a')}), "another store"),
        ] {
            let error = of(&good, &de).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("stores.") && !error.contains("hunter2"), "{error}");
        }
        // What a store had before may be what it has again.
        assert!(of(&good, &json!({"webhook_token": token('c'), "previous_webhook_token": token('c')})).is_ok());
    }

    proptest! {
        #[test]
        fn no_other_text_is_a_token(text in ".{0,64}") {
            let known = of(&json!({"webhook_token": token('a')}), &json!({"webhook_token": token('b')})).unwrap();
            prop_assert_eq!(find(&known, &text).is_some(), text == token('a') || text == token('b'));
        }
    }
}
