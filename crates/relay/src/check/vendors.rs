//! Salesforce and Yotpo from here, by secrets and settings as they are now: a function keeps those that it was started with. And
//! how much of the org's quota is used.

use super::list::Group;
use crate::{
    failure::{Failure, chain},
    flow::Flow,
    part::Part,
    place::Place,
    text::share,
};
use function::{Check, Checked};
use reviews::{
    check,
    fields::Fields,
    operate::Operator,
    recent::{self, Finding},
};

const VISIBLE: &str = "an org that sells has some: let the integration's user see every order (Setup, Users: a permission set \
                       with View All on Order), and compare `salesforce.completed` with the orders";
const COMPLETED_AT: &str = "an order is sent when the day of this date is over: name a field in the settings that is set when \
                            an order is completed; docs/RUNBOOK.md, *Completed is not dated*";

/// Where to look when a vendor cannot be asked.
const SECRETS: &str = "see *secrets* above";

/// The reviews flow's. The erp flow's worker and reconciler log in at NetSuite, and ask each shop, when they are checked themselves.
pub(super) async fn look(place: &Place) -> Result<Vec<Group>, Failure> {
    if !place.flows.contains(&Flow::Reviews) {
        return Ok(Vec::new());
    }
    let operator = &place.reviews()?;
    let (salesforce, yotpo) = tokio::join!(salesforce(place, operator), yotpo(place, operator));
    Ok(vec![Group::new("Salesforce", salesforce), Group::new("Yotpo", yotpo)])
}

async fn salesforce(place: &Place, operator: &Operator) -> Vec<Part> {
    let client = match operator.salesforce().await {
        Ok(client) => client,
        Err(error) => return vec![Part::wrong("salesforce token", chain(&error)).hint(SECRETS)],
    };
    let mut checked = Checked::nothing();
    let fields = Box::pin(check::salesforce(&mut checked, &client, &place.config, (place.now)())).await;
    let mut parts: Vec<Part> = told(checked.checked, &place.stack, "the settings").collect();
    if let Some(fields) = fields {
        parts.extend(Box::pin(orders(&client, &fields, place)).await);
    }
    parts.extend(client.usage().map(|usage| quota(usage, place.config.salesforce.quota_share)));
    parts
}

/// How much of the org's calls are made, of which a share is ours.
fn quota(usage: salesforce::Usage, ours: f64) -> Part {
    let (name, stop) = ("API quota", share(ours));
    let said = format!("{} of {} calls of the last 24 hours are made", share(usage.share()), usage.max);
    if usage.share() < ours {
        return Part::noted(name, format!("{said}; runs stop at {stop}"));
    }
    Part::wrong(name, format!("{said}; `salesforce.quota_share` is {stop}"))
        .hint("runs go on when the org's calls of the last 24 hours are fewer; see what else uses them")
}

/// What the org's own orders say: whether any can be seen, and whether their date is that of their completion.
async fn orders(client: &salesforce::Client, fields: &Fields, place: &Place) -> [Part; 2] {
    let (config, now) = (&place.config, (place.now)());
    [
        ("orders visible", VISIBLE, recent::visible(client, fields, config, now).await),
        ("salesforce.completed_at", COMPLETED_AT, recent::dates(client, fields, config, now).await),
    ]
    .map(|(name, hint, found)| match found {
        Ok(Finding::Well(said)) => Part::noted(name, said),
        Ok(Finding::Doubtful(said)) => Part::open(name, said).hint(hint),
        Err(error) => Part::open(name, chain(&error)).hint("the rest of Salesforce's checks say more"),
    })
}

async fn yotpo(place: &Place, operator: &Operator) -> Vec<Part> {
    match operator.stores().await {
        Ok(stores) => {
            let mut checked = Checked::nothing();
            check::yotpo_tokens(&mut checked, &stores, &place.config).await;
            told(checked.checked, &place.stack, "the settings").collect()
        }
        Err(error) => vec![Part::wrong("yotpo tokens", chain(&error)).hint(SECRETS)],
    }
}

/// What the flow's own check found, under the names that it gives; `whose` is to be looked at where a name says nothing more.
pub(super) fn told(checks: Vec<Check>, stack: &str, whose: &str) -> impl Iterator<Item = Part> {
    checks.into_iter().map(move |Check { name, ok, error, note, .. }| {
        let hint = hint(stack, &name, whose).filter(|_| !ok);
        Part { name, ok: Some(ok), said: error.or(note), hint }
    })
}

/// What to do about a check of the flow's.
fn hint(stack: &str, check: &str, whose: &str) -> Option<String> {
    let fill = |vendor: &str, secret: &str| {
        let command = "aws secretsmanager put-secret-value --secret-id";
        format!(
            "if {vendor} is up, fill the secret anew: {command} {stack}/{secret} --secret-string file://{secret}.json"
        )
    };
    Some(match check {
        // It says itself what mends it.
        "secret" => return None,
        "salesforce token" => fill("Salesforce", "salesforce"),
        "netsuite token" => fill("NetSuite", "netsuite"),
        name if name.starts_with("orders of ") => fill("Shopify", "shopify"),
        name if name.starts_with("yotpo token") => fill("Yotpo", "yotpo"),
        "salesforce fields" | "salesforce picklists" | "salesforce order ids" => {
            "change the key in the settings and deploy them, or let the integration's user see the field".to_owned()
        }
        "configuration" | "mapping" => "change the settings and deploy them".to_owned(),
        _ => format!("look at {whose}; docs/RUNBOOK.md has more"),
    })
}
