//! The mixture of faults that the demo runs with.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::faults::{Endpoint, Fault, Moment, Rule};
use crate::{loyalty, netsuite, salesforce, shopify, yotpo};

impl Fault {
    /// Yotpo answers this share of the posts with 200 and creates nothing. A repeated post is drawn anew.
    pub fn silent_drops(share: f64) -> Rule {
        Rule { share: Some(share), ..Rule::always(yotpo::CREATE, Self::SilentDrop) }
    }

    /// Everything that can go wrong except silent drops, at rates a bad night might have: about one in
    /// ten posts to Yotpo meets something, Salesforce fails a few times at calls that the seed chooses.
    pub fn demo(seed: u64) -> Vec<Rule> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut rules = at_yotpo();
        // An outage of a few seconds somewhere in the first posts.
        let after = Some(rng.random_range(20..200));
        rules.push(Rule { after, ..Rule::outage(yotpo::ANY_CALL, Some(3.0)) });
        let salesforce = [
            (salesforce::TOKEN, Self::status(503)),
            (salesforce::QUERY, Self::ExpireTokens),
            (salesforce::QUERY, Self::status(503)),
            (salesforce::QUERY, Self::Html { code: 502 }),
            (salesforce::QUERY, Self::Html { code: 403 }),
            (salesforce::NEXT, Self::ExpireTokens),
            (salesforce::NEXT, Self::Cut { moment: Moment::Before }),
            (salesforce::NEXT, Self::Delay { ms: 700, moment: Moment::Before }),
        ];
        for (endpoint, fault) in salesforce {
            // Tokens are rarely asked for, so their faults strike at once, the others within the first calls.
            let last = if endpoint == salesforce::TOKEN { 0 } else { 3 };
            let after = Some(rng.random_range(0..=last));
            rules.push(Rule { after, next: Some(1), ..Rule::always(endpoint, fault) });
        }
        rules
    }
}

impl Fault {
    /// What can go wrong at NetSuite and Shopify, at rates a bad day might have: about one write in ten meets something.
    /// A call that was held up lands `late` milliseconds later.
    pub fn demo_erp(late: u64) -> Vec<Rule> {
        let status = |code, moment| Self::Status { code, moment, retry_after: None, reset: None };
        let write = [
            (0.02, status(429, Moment::Before)),
            (0.01, status(401, Moment::Before)),
            (0.01, status(500, Moment::Before)),
            (0.01, status(500, Moment::After)),
            (0.01, Self::Html { code: 503 }),
            (0.01, Self::Cut { moment: Moment::Before }),
            (0.02, Self::Cut { moment: Moment::After }),
            (0.005, Self::Late { ms: late }),
            (0.002, Self::ExpireTokens),
        ];
        let read = [(0.01, status(429, Moment::Before)), (0.01, status(503, Moment::Before))];
        let mut all = Vec::new();
        for endpoint in [netsuite::CREATE, netsuite::UPDATE, netsuite::UPSERT, netsuite::RESTLET] {
            all.extend(shares(endpoint, &write));
        }
        for endpoint in [netsuite::READ, netsuite::QUERY, netsuite::TOKEN, shopify::GRAPHQL, shopify::TOKEN] {
            all.extend(shares(endpoint, &read));
        }
        all
    }
}

impl Fault {
    /// What can go wrong at Loyalty and Salesforce while customers buy: about one call in ten meets something.
    pub fn demo_loyalty() -> Vec<Rule> {
        let status = |code, moment| Self::Status { code, moment, retry_after: None, reset: None };
        let write = [
            (0.02, status(429, Moment::Before)),
            (0.01, status(500, Moment::Before)),
            (0.01, status(500, Moment::After)),
            (0.01, Self::Html { code: 503 }),
            (0.01, Self::Cut { moment: Moment::Before }),
            (0.02, Self::Cut { moment: Moment::After }),
            (0.01, Self::Delay { ms: 400, moment: Moment::Before }),
        ];
        let read = [(0.01, status(429, Moment::Before)), (0.01, status(503, Moment::Before))];
        let org = [(0.01, Self::ExpireTokens), (0.01, status(503, Moment::Before)), (0.01, Self::Html { code: 502 })];
        let mut all = Vec::new();
        for endpoint in [loyalty::CUSTOMERS, loyalty::ORDERS, loyalty::REFUNDS] {
            all.extend(shares(endpoint, &write));
        }
        all.extend(shares(loyalty::READ, &read));
        for endpoint in [salesforce::QUERY, salesforce::UPDATE, salesforce::UPSERT] {
            all.extend(shares(endpoint, &org));
        }
        all
    }
}

/// A rule for each fault: so large a share of the endpoint's calls.
fn shares(endpoint: Endpoint, faults: &[(f64, Fault)]) -> Vec<Rule> {
    faults.iter().map(|(share, fault)| Rule { share: Some(*share), ..Rule::always(endpoint, fault.clone()) }).collect()
}

fn at_yotpo() -> Vec<Rule> {
    let status = |code, moment| Fault::Status { code, moment, retry_after: None, reset: None };
    let limited = |retry_after, reset| Fault::Status { code: 429, moment: Moment::Before, retry_after, reset };
    let create = [
        (0.015, limited(Some(1), None)),
        (0.015, limited(None, Some(1))),
        (0.01, status(500, Moment::Before)),
        (0.01, status(503, Moment::Before)),
        (0.01, status(500, Moment::After)),
        (0.01, status(502, Moment::After)),
        (0.01, Fault::Html { code: 503 }),
        (0.01, Fault::Cut { moment: Moment::Before }),
        (0.02, Fault::Cut { moment: Moment::After }),
        (0.005, Fault::ExpireTokens),
        (0.005, status(401, Moment::Before)),
        (0.01, Fault::Delay { ms: 400, moment: Moment::Before }),
        (0.005, Fault::Delay { ms: 800, moment: Moment::After }),
    ];
    let mut rules = vec![Rule { next: Some(1), ..Rule::always(yotpo::TOKEN, Fault::status(503)) }];
    rules.push(Rule { share: Some(0.05), ..Rule::always(yotpo::TOKEN, Fault::status(500)) });
    rules.push(Rule { share: Some(0.02), ..Rule::always(yotpo::TOKEN, Fault::Html { code: 403 }) });
    rules.push(Rule { share: Some(0.03), ..Rule::always(yotpo::READ, Fault::status(502)) });
    rules.push(Rule { share: Some(0.01), ..Rule::always(yotpo::READ, Fault::Html { code: 400 }) });
    // A firewall that dislikes a post answers in its own words.
    for code in [400, 401, 403, 409, 413, 451] {
        rules.push(Rule { share: Some(0.002), ..Rule::always(yotpo::CREATE, Fault::Html { code }) });
    }
    rules.extend(
        create.into_iter().map(|(share, fault)| Rule { share: Some(share), ..Rule::always(yotpo::CREATE, fault) }),
    );
    rules
}
