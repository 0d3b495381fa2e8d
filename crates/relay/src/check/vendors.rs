//! Salesforce and Yotpo from here, by the secrets, as the functions look at them; and how much of the org's quota is used.

use super::list::List;
use crate::{failure::chain, place::Place, text::share};
use reviews::{
    check::Checked,
    fields::Fields,
    operate::Operator,
    recent::{self, Finding},
};

const VISIBLE: &str = "an org that sells has some: let the integration's user see every order (Setup, Users: a permission set \
                       with View All on Order), and compare `salesforce.completed` with the orders";
const COMPLETED_AT: &str = "an order is sent when the day of this date is over: name a field in the settings that is set when \
                            an order is completed; docs/RUNBOOK.md, *Completed is not dated*";

pub(super) async fn look(place: &Place, operator: &Operator) -> [List; 2] {
    let (salesforce, yotpo) = tokio::join!(salesforce(place, operator), yotpo(place, operator));
    [salesforce, yotpo]
}

async fn salesforce(place: &Place, operator: &Operator) -> List {
    let mut list = List::new("Salesforce");
    let client = match operator.salesforce().await {
        Ok(client) => client,
        Err(error) => {
            let hint = "see *secrets* above".to_owned();
            list.cross("salesforce token", chain(error.as_ref()), Some(hint));
            return list;
        }
    };
    let mut checked = Checked::nothing();
    let fields = Box::pin(checked.salesforce(&client, &place.config, (place.now)())).await;
    list.flow(checked.checked, |check| hint(&place.stack, check, "the settings"));
    if let Some(fields) = fields {
        Box::pin(orders(&mut list, &client, &fields, place)).await;
    }
    if let Some(usage) = client.usage() {
        let ours = place.config.salesforce.quota_share;
        let said = format!("{} of {} calls of the last 24 hours are made", share(usage.share()), usage.max);
        if usage.share() >= ours {
            let error = format!("{said}; `salesforce.quota_share` is {}", share(ours));
            let hint =
                "runs go on when the org's calls of the last 24 hours are fewer; see what else uses them".to_owned();
            list.cross("API quota", error, Some(hint));
        } else {
            list.noted("API quota", format!("{said}; runs stop at {}", share(ours)));
        }
    }
    list
}

/// What the org's own orders say: whether any can be seen, and whether their date is that of their completion.
async fn orders(list: &mut List, client: &salesforce::Client, fields: &Fields, place: &Place) {
    let (config, now) = (&place.config, (place.now)());
    let looked = [
        ("orders visible", VISIBLE, recent::visible(client, fields, config, now).await),
        ("salesforce.completed_at", COMPLETED_AT, recent::dates(client, fields, config, now).await),
    ];
    for (name, hint, found) in looked {
        match found {
            Ok(Finding::Well(said)) => list.noted(name, said),
            Ok(Finding::Doubtful(said)) => list.doubtful(name, said, hint),
            Err(error) => list.doubtful(name, chain(&error), "the rest of Salesforce's checks say more"),
        }
    }
}

async fn yotpo(place: &Place, operator: &Operator) -> List {
    let mut list = List::new("Yotpo");
    match operator.stores().await {
        Ok(stores) => {
            let mut checked = Checked::nothing();
            checked.yotpo_tokens(&stores, &place.config).await;
            list.flow(checked.checked, |check| hint(&place.stack, check, "the settings"));
        }
        Err(error) => list.cross("yotpo tokens", chain(&error), Some("see *secrets* above".to_owned())),
    }
    list
}

/// What to do about a check of the flow's; `whose` is to be looked at where the name says nothing more.
pub(super) fn hint(stack: &str, check: &str, whose: &str) -> Option<String> {
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
        name if name.starts_with("yotpo token") => fill("Yotpo", "yotpo"),
        "salesforce fields" | "salesforce picklists" | "salesforce order ids" => {
            "change the key in the settings and deploy them, or let the integration's user see the field".to_owned()
        }
        "configuration" | "mapping" => "change the settings and deploy them".to_owned(),
        _ => format!("look at {whose}; docs/RUNBOOK.md has more"),
    })
}
