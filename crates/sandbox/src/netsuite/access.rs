//! Who may call, by OAuth 2.0 or token-based.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::error::Refusal;
use super::keys::Certificate;
use super::request::Request;
use super::signature::{self, TokenBased};

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    RestWebServices,
    Restlets,
}

impl Scope {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RestWebServices => "rest_webservices",
            Self::Restlets => "restlets",
        }
    }
}

struct Minted {
    at: DateTime<Utc>,
    scopes: Vec<String>,
}

/// The integration's credentials, and what was given out for them.
pub(crate) struct Access {
    /// As secrets and realms have it.
    pub(crate) account_id: String,
    pub(crate) client_id: String,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) token_based: TokenBased,
    pub(crate) nonces: HashSet<String>,
    tokens: BTreeMap<String, Minted>,
    count: u64,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            account_id: "123456_SB1".to_owned(),
            client_id: "sandbox-client-id".to_owned(),
            certificates: Vec::new(),
            token_based: TokenBased::default(),
            nonces: HashSet::new(),
            tokens: BTreeMap::new(),
            count: 0,
        }
    }
}

impl Access {
    pub(crate) fn mint(&mut self, scopes: Vec<String>, now: DateTime<Utc>) -> String {
        self.count += 1;
        let token = format!("sandbox-access-token-{}", self.count);
        self.tokens.insert(token.clone(), Minted { at: now, scopes });
        token
    }

    pub(crate) fn expire(&mut self) {
        self.tokens.clear();
    }

    /// Whether the request comes from somebody who may do what `scope` says.
    pub(crate) fn check(
        &mut self,
        request: &Request,
        base_url: &str,
        scope: Scope,
        token_seconds: i64,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let header = request.header("authorization");
        let admitted = if let Some(token) = header.strip_prefix("Bearer ") {
            self.tokens.get(token.trim()).is_some_and(|minted| {
                now - minted.at < TimeDelta::seconds(token_seconds)
                    && minted.scopes.iter().any(|granted| granted == scope.name())
            })
        } else {
            let nonce = signature::check(&self.token_based, &self.account_id, request, base_url, now);
            nonce.is_some_and(|nonce| self.nonces.insert(nonce))
        };
        if admitted { Ok(()) } else { Err(Refusal::invalid_login()) }
    }
}
