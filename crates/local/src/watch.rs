//! `cargo lambda watch` in the place of the packages: it builds a function at its first call and again when its code changes.
//! <https://www.cargo-lambda.info/commands/watch.html>

use crate::{
    Emulator, Error, Keeper,
    emulator::{REGION, free_port},
    error::refused,
};
use aws_sdk_lambda::{Client, types::Environment};
use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

/// The emulator forwards invocations of a function whose environment has it.
const FORWARD: &str = "MINISTACK_LAMBDA_PROXY_URL";
/// Of our environment, what cargo needs.
const PASSED_ON: [&str; 4] = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR"];

/// Serves functions until it is dropped. What they print goes to `watch.log`, among what cargo prints.
#[derive(Debug)]
pub struct Watch {
    _keeper: Keeper,
}

/// Lets `package` of the workspace serve `functions`, which are named after its binaries: `{stack}-{binary}`.
pub(crate) async fn start(emulator: &Emulator, stack: &str, package: &str, functions: &[&str]) -> Result<Watch, Error> {
    let port = free_port()?;
    let client = Client::new(&emulator.sdk_config());
    // One process serves them all, with one environment; where both have a variable it has the same value.
    let mut all = HashMap::new();
    for function in functions {
        let what = || format!("configure {function}");
        let get = client.get_function_configuration().function_name(*function).send();
        let environment = get.await.map_err(refused(&what()))?.environment;
        let mut variables = environment.and_then(|e| e.variables).unwrap_or_default();
        all.extend(variables.clone());
        let binary = function.strip_prefix(stack).map_or(*function, |rest| rest.trim_start_matches('-'));
        let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/{binary}/invocations");
        variables.insert(FORWARD.to_owned(), url);
        let environment = Environment::builder().set_variables(Some(variables)).build();
        let update = client.update_function_configuration().function_name(*function).environment(environment).send();
        update.await.map_err(refused(&what()))?;
        // The version that has the work would go on with its package.
        let alias = client.update_alias().function_name(*function).name("live").function_version("$LATEST").send();
        alias.await.map_err(refused(&what()))?;
    }
    let mut environment: Vec<(&str, OsString)> = all.iter().map(|(k, v)| (k.as_str(), v.into())).collect();
    environment.extend(PASSED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
    environment.extend([
        ("PATH", std::env::var_os("PATH").unwrap_or_default()),
        ("AWS_ENDPOINT_URL", emulator.endpoint().into()),
        ("AWS_REGION", REGION.into()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
    ]);
    let environment: Vec<(&str, &OsStr)> = environment.iter().map(|(name, value)| (*name, value.as_os_str())).collect();
    let program: PathBuf = emulator.workspace().tool("lambda", "cargo-lambda")?;
    let port = port.to_string();
    let root = emulator.workspace().root();
    let python = emulator.workspace().tool("emulator", "python")?;
    let script = emulator.workspace().script("deadline.py");
    let runner = format!("target.'cfg(all())'.runner=['{}','{}']", python.display(), script.display());
    let arguments = ["lambda", "watch", "--wait", "-A", "127.0.0.1", "-P", &port, "-p", package, "--config", &runner];
    let command: Vec<&OsStr> = std::iter::once(program.as_os_str()).chain(arguments.map(OsStr::new)).collect();
    let log = emulator.directory().join("watch.log");
    Ok(Watch { _keeper: Keeper::start(emulator.workspace(), &command, root, &environment, &log)? })
}
