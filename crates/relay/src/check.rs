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
    machinery,
    options::Options,
    part::Part,
    place::{self, Place, Stack},
    progress,
};
use clap::Args;
use list::{Checked, Group};

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

pub(crate) async fn run(options: &Options, _: &Arguments) -> Result<Checked, Failure> {
    let aws = place::sdk().await?;
    let spinner = progress::spinner("looking at everything");
    // Boxed: everything at once is large.
    let checked = Box::pin(look(options, aws)).await;
    spinner.finish_and_clear();
    checked
}

async fn look(options: &Options, aws: aws_config::SdkConfig) -> Result<Checked, Failure> {
    let caller = caller::who(&aws).await;
    let is_known = caller.ok == Some(true);
    let groups = |caller, settings| [Group::new("caller", caller), Group::new("settings", settings)];
    let describe = "cloudformation:DescribeStacks";
    let stack = match Stack::find(&options.stack, aws).await {
        Ok(stack) => stack,
        // Where nobody knows who is asking, nothing is known.
        Err(failure) if is_known && failure.exit_code() != 2 => {
            return Ok(Checked::of(groups(vec![caller, Part::failed(describe, failure)], vec![])));
        }
        Err(failure) => return Err(failure),
    };
    let config = match place::settings(options, &stack).await {
        Ok((config, _)) => config,
        Err(failure) => {
            let caller = vec![caller, Part::well(describe)];
            return Ok(Checked::of(groups(caller, vec![Part::failed("file", failure)])));
        }
    };
    let place = Place::with(options, stack, config)?;
    let operators = place.operators()?;
    let (permissions, secrets, functions, vendors, machinery) = tokio::join!(
        caller::permissions(&operators),
        secret::look(&place, &operators),
        functions::look(&place),
        vendors::look(&place),
        machinery::look(&place),
    );
    let here = format!("{}, SHA-256 {}", place::origin(options), short(&place.config.sha256));
    let mut settings = vec![Part::noted("file", here)];
    settings.extend(functions::compare_settings(&functions, &place.config.sha256));
    settings.push(functions::compare_zones(&functions, config::Zone::RELEASE));
    let caller = [caller, Part::well(describe)].into_iter().chain(permissions).collect();
    let functions = functions.into_iter().map(|function| Group::new(function.name, function.parts));
    let groups = groups(caller, settings).into_iter().chain([Group::new("secrets", secrets?)]).chain(functions);
    Ok(Checked::of(groups.chain(vendors?).chain([Group::new("machinery", machinery.judged())])))
}
