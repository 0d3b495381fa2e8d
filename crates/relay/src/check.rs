//! `relay check`: whether everything is as it must be, and what to do where it is not.

mod caller;
mod functions;
mod list;
mod print;
mod secret;
mod vendors;

use crate::{
    deployed::short,
    failure::Failure,
    machinery::{self, Part},
    options::Options,
    place::{self, Place},
    progress,
};
use clap::Args;
use list::{Check, List};
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  relay check                            after a deployment, a change of settings, a new secret
  relay check --json | jq '.checks[] | select(.ok == false)'

It sends and writes nothing: permissions to write are tried with writes that cannot take effect.

Exit code 1: something is not as it must be.";

/// What `relay check` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {}

/// Everything that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    /// Nothing is wrong.
    ok: bool,
    checks: Vec<Check>,
}

impl Checked {
    fn of(lists: impl IntoIterator<Item = List>) -> Self {
        let checks: Vec<Check> = lists.into_iter().flat_map(|list| list.checks).collect();
        Self { ok: checks.iter().all(|check| check.ok != Some(false)), checks }
    }
}

pub(crate) async fn run(options: &Options, _: &Arguments) -> Result<Checked, Failure> {
    let aws = place::sdk().await?;
    let spinner = progress::spinner("looking at everything");
    // Boxed: everything at once is large.
    let checked = Box::pin(look(options, aws)).await;
    spinner.finish_and_clear();
    checked
}

async fn look(options: &Options, aws: aws_config::SdkConfig) -> Result<Checked, Failure> {
    let mut caller = caller::who(&aws).await;
    let mut settings = List::new("settings");
    let config = match place::settings(options) {
        Ok(config) => config,
        Err(failure) => {
            settings.failure("file", failure);
            return Ok(Checked::of([caller, settings]));
        }
    };
    let place = match Place::with(options, aws, config).await {
        Ok(place) => place,
        // Where nobody knows who is asking, nothing is known.
        Err(failure) if caller.is_well() && failure.exit_code() != 2 => {
            caller.failure("cloudformation:DescribeStacks", failure);
            return Ok(Checked::of([caller, settings]));
        }
        Err(failure) => return Err(failure),
    };
    caller.tick("cloudformation:DescribeStacks");
    let operator = place.operator()?;
    settings.noted("file", format!("{}, SHA-256 {}", options.config.display(), short(&place.config.sha256)));
    let (permissions, secrets, functions, vendors, queues, machinery) = tokio::join!(
        caller::permissions(&operator),
        secret::look(&place, &operator),
        functions::look(&place),
        vendors::look(&place, &operator),
        caller::queues(&operator),
        machinery::look(&place),
    );
    caller.checks.extend(permissions.checks);
    functions::compare_settings(&mut settings, &functions, &place.config.sha256);
    functions::compare_zones(&mut settings, &functions, config::Zone::RELEASE);
    let functions = functions.into_iter().map(|function| function.list);
    let lists = [caller, settings, secrets]
        .into_iter()
        .chain(functions)
        .chain(vendors)
        .chain([queues, parts(machinery.judged())]);
    Ok(Checked::of(lists))
}

/// The machinery's parts as checks.
fn parts(parts: Vec<Part>) -> List {
    let mut list = List::new("machinery");
    for Part { name, ok, said, hint } in parts {
        let said = said.unwrap_or_default();
        match ok {
            Some(true) if said.is_empty() => list.tick(&name),
            Some(true) => list.noted(&name, said),
            Some(false) => list.cross(&name, said, hint),
            None => list.untried(&name, &said),
        }
    }
    list
}
