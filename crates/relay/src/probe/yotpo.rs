//! `relay probe yotpo`: three posts under two order ids, and readings until they are shown.

use super::{
    account::{OLD, Probe},
    finding::{self, Finding},
    post::Post,
};
use crate::{
    answer::Answer,
    audit::{Action, noted},
    day,
    deployed::Purpose,
    failure::Failure,
    options::Options,
    place::Place,
    text::{GOOD, WARN},
};
use clap::Args;
use config::{BusinessDay, StoreName};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::json;
use std::{
    io::{self, Write},
    time::Duration,
};

const EXAMPLES: &str = "\
Examples:
  relay probe yotpo --store sandbox --email me@example.com         what would be sent
  relay probe yotpo --store sandbox --email me@example.com --yes
  relay probe yotpo --store sandbox --email me@example.com --yes --patience 6h --json

For an account to try things out in: Yotpo keeps what is posted, adds the products `relay-probe` and `relay-probe-again`, and will \
mail the address. Queues and deliveries are not touched; the ledger gets a note of who did it.

Exit code 1: an assumption does not hold, or it was not found out in time.";

/// What `relay probe yotpo` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The store whose account is used
    #[arg(long, value_parser = day::store)]
    store: StoreName,
    /// Your own address: Yotpo will write to it
    #[arg(long, value_parser = |text: &str| Ok::<_, String>(SecretString::from(text)))]
    email: SecretString,
    /// How long each purchase is waited for, such as 10m or 6h
    #[arg(long, value_parser = humantime::parse_duration, default_value = "10m")]
    patience: Duration,
    /// Post them
    #[arg(long)]
    yes: bool,
}

/// What was, or would be, posted, and what that showed.
#[derive(Debug, Serialize)]
pub(crate) struct Probed {
    store: StoreName,
    account_ending: String,
    sent: bool,
    posts: Vec<Post>,
    findings: Vec<Finding>,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Probed, Failure> {
    let Arguments { store, email, patience, yes } = arguments;
    if !yotpo::is_email(email.expose_secret()) {
        return Err(Failure::input("`--email` is no address that Yotpo takes; expected one such as me@example.com"));
    }
    let place = Place::find(options, Purpose::with(yes)).await?;
    place.known(Some(&store))?;
    let config = &place.config;
    let operator = place.reviews()?;
    let stores = operator.stores().await.map_err(|error| Failure::undone("use the stores' accounts", &error))?;
    let client = stores.get(&store).ok_or_else(|| Failure::because(format!("store `{store}` has no account")))?;
    let mut nonce = uuid::Uuid::new_v4().simple().to_string();
    nonce.truncate(12);
    let today = BusinessDay::of((place.now)(), config.stores[&store].time_zone).date();
    let post = |n: u8, order_date, again| Post { order_id: format!("relay-probe-{nonce}-{n}"), order_date, again };
    let posts = vec![post(1, today, false), post(1, today, true), post(2, today - OLD, false)];
    let account_ending = client.account_ending().to_owned();
    let mut probed = Probed { store, account_ending, sent: yes, posts, findings: Vec::new() };
    if yes {
        let probe = Probe::new(client, &place.config, email, patience, today);
        let detail = json!({"store": probed.store, "posts": probed.posts.len()});
        let go_on = "what was posted stays in the account; nothing else was changed";
        place.context.so_far("the account was posted to", go_on);
        let work = Box::pin(probe.run(&probed.posts));
        let findings =
            noted(&place, &operator.ledger, Action { name: "probe yotpo", detail }, work, |findings| json!(findings))
                .await;
        probed.findings = findings?;
    }
    Ok(probed)
}

impl Answer for Probed {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let would = if self.sent { "Posted" } else { "Would post" };
        writeln!(to, "{would} to the account …{} of store {}:", self.account_ending, self.store)?;
        for Post { order_id, order_date, again } in &self.posts {
            let how = if *again { ", again, with another name and product" } else { "" };
            writeln!(to, "  {order_id}, dated {order_date}{how}")?;
        }
        if !self.sent {
            writeln!(to, "Yotpo will mail the address about them, and they stay there.")?;
            return writeln!(to, "{WARN}nothing was changed; add --yes{WARN:#}");
        }
        finding::print(&self.findings, to)?;
        if self.is_well() {
            writeln!(to, "{GOOD}what is assumed holds{GOOD:#}")?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        finding::all_hold(&self.findings)
    }
}
