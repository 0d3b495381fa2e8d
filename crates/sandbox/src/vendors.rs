//! The vendors, as a list. A new one is a module of its own and an entry here.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::controls::{Controls, Counters};
use crate::faults::{ActiveRule, Endpoint, Target};
use crate::loyalty::{self, Loyalty};
use crate::netsuite::{self, Concurrency, Netsuite};
use crate::salesforce::{self, Salesforce};
use crate::shopify::{self, Shopify};
use crate::yotpo::{self, Sums, Yotpo};

const ENDPOINTS: [&[Endpoint]; 5] =
    [salesforce::ENDPOINTS, yotpo::ENDPOINTS, netsuite::ENDPOINTS, shopify::ENDPOINTS, loyalty::ENDPOINTS];

/// Whether there is an endpoint that a rule with this target can strike.
pub(crate) fn is_known(target: &Target) -> bool {
    ENDPOINTS.iter().copied().flatten().any(|endpoint| target.includes(*endpoint))
}

/// The vendors from inside the process; cheap to clone. Every method takes effect at once.
#[derive(Clone)]
pub struct Vendors {
    /// Salesforce.
    pub salesforce: Salesforce,
    /// Yotpo Reviews.
    pub yotpo: Yotpo,
    /// Yotpo Loyalty.
    pub loyalty: Loyalty,
    /// NetSuite.
    pub netsuite: Netsuite,
    /// Shopify.
    pub shopify: Shopify,
    base_url: Arc<str>,
    controls: Arc<Controls>,
}

/// The state of the sandbox in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Orders in the Salesforce org.
    pub orders: usize,
    /// What arrived at Yotpo, by app key.
    pub accounts: BTreeMap<String, Sums>,
    /// Loyalty's accounts, by guid.
    pub loyalty: BTreeMap<String, loyalty::Sums>,
    /// Transactions in NetSuite.
    pub transactions: usize,
    /// NetSuite's calls at one time.
    pub concurrency: Concurrency,
    /// Calls by endpoint.
    pub counters: BTreeMap<Endpoint, Counters>,
    /// The fault rules and how often they struck.
    pub faults: Vec<ActiveRule>,
}

impl Vendors {
    pub(crate) fn new(seed: u64, base_url: &str, now: fn() -> DateTime<Utc>) -> Self {
        let (base_url, controls): (Arc<str>, _) = (base_url.into(), Arc::new(Controls::new(seed, now)));
        Self {
            salesforce: Salesforce::new(&base_url, Arc::clone(&controls)),
            yotpo: Yotpo::new(Arc::clone(&base_url), Arc::clone(&controls)),
            loyalty: Loyalty::new(Arc::clone(&base_url), Arc::clone(&controls)),
            netsuite: Netsuite::new(&base_url, Arc::clone(&controls)),
            shopify: Shopify::new(seed, Arc::clone(&base_url), Arc::clone(&controls)),
            base_url,
            controls,
        }
    }

    /// The paths of all vendors: no two of them collide.
    pub(crate) fn routes(&self) -> Router {
        let commerce = self.salesforce.routes().merge(self.yotpo.routes()).merge(self.loyalty.routes());
        commerce.merge(self.netsuite.routes()).merge(self.shopify.routes())
    }

    /// The state in numbers: cheap, for a progress display.
    pub fn report(&self) -> Report {
        Report {
            orders: self.salesforce.orders(),
            accounts: self.yotpo.sums(),
            loyalty: self.loyalty.sums(),
            transactions: self.netsuite.transactions().len(),
            concurrency: self.netsuite.concurrency(),
            counters: self.controls.counters(),
            faults: self.faults(),
        }
    }

    /// `http://127.0.0.1:PORT`, without a slash: every vendor's address.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl Deref for Vendors {
    type Target = Controls;

    fn deref(&self) -> &Controls {
        &self.controls
    }
}
