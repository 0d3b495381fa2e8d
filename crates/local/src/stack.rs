//! A stack on the emulator, made by CloudFormation from `template.yaml`.

use crate::{
    Emulator, Error, Profile, Watch,
    error::refused,
    package,
    template::{self, Package},
    watch,
};
use aws_sdk_cloudformation::{
    Client,
    error::ProvideErrorMetadata,
    types::{Capability, Parameter, Stack as Description},
};
use aws_sdk_lambda::primitives::Blob;
use queue::Queue;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt::Display,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

const BUCKET: &str = "packages";

/// What to deploy.
#[derive(Clone, Debug)]
pub struct Deploy {
    /// The stack's name, which is the prefix of its secrets and functions too.
    pub stack_name: String,
    /// Which build of the functions.
    pub profile: Profile,
    /// The settings. Layers are not mounted by the emulator, so the functions read this very file.
    pub relay_toml: PathBuf,
    /// Template parameters that differ from their defaults.
    pub parameters: BTreeMap<String, String>,
}

impl Deploy {
    /// Everything else as in production, except that nobody but the caller starts producer and reconciler, and for what the
    /// emulator's CloudFormation does not know.
    pub fn new(stack_name: &str, profile: Profile, relay_toml: &Path) -> Self {
        let parameters = [("ScheduleState", "DISABLED"), ("OnEmulator", "true"), ("AlarmEmail", "alarms@example.com")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into();
        Self { stack_name: stack_name.to_owned(), profile, relay_toml: relay_toml.to_owned(), parameters }
    }

    /// With another value of a template parameter.
    #[must_use]
    pub fn with(mut self, parameter: &str, value: impl Display) -> Self {
        self.parameters.insert(parameter.to_owned(), value.to_string());
        self
    }
}

/// A deployed stack.
#[derive(Debug)]
pub struct Stack<'a> {
    emulator: &'a Emulator,
    name: String,
    outputs: BTreeMap<String, String>,
}

/// What a function answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its answer, or the runtime's description of the error.
    pub payload: Value,
    /// Set when the function failed: `Unhandled`.
    pub error: Option<String>,
}

impl Stack<'_> {
    /// One of the template's outputs.
    ///
    /// # Errors
    /// When it has no such output.
    pub fn output(&self, name: &str) -> Result<&str, Error> {
        let missing = || Error::NoOutput { stack: self.name.clone(), name: name.to_owned() };
        self.outputs.get(name).map(String::as_str).ok_or_else(missing)
    }

    /// The queue whose URL is output `name`.
    ///
    /// # Errors
    /// When the template has no such output.
    pub fn queue(&self, name: &str) -> Result<Queue, Error> {
        Ok(Queue::new(&self.emulator.sdk_config(), self.output(name)?))
    }

    /// Where the function behind the template's API takes webhooks on this machine: the URL that output `name` has on AWS, at the
    /// emulator.
    ///
    /// # Errors
    /// When the template has no such output, or it is no API's URL.
    pub fn webhook(&self, name: &str) -> Result<String, Error> {
        let url = self.output(name)?;
        let missing = || Error::NoOutput { stack: self.name.clone(), name: format!("{name} with an API's URL") };
        let (api, rest) =
            url.strip_prefix("https://").and_then(|url| url.split_once(".execute-api.")).ok_or_else(missing)?;
        // Loyalty's has none: its senders' tokens are their paths.
        let path = rest.split_once('/').map_or(String::new(), |(_, path)| format!("/{path}"));
        Ok(format!("{}/_aws/execute-api/{api}/$default{path}", self.emulator.endpoint()))
    }

    /// Puts a value into the secret `{stack}/{name}`.
    ///
    /// # Errors
    /// When the template makes no such secret.
    pub fn put_secret(&self, name: &str, value: &Value) -> Result<(), Error> {
        self.put_secret_text(name, &value.to_string())
    }

    /// Puts a text, JSON or not, into the secret `{stack}/{name}`.
    ///
    /// # Errors
    /// When the template makes no such secret.
    pub fn put_secret_text(&self, name: &str, value: &str) -> Result<(), Error> {
        let body = json!({"SecretId": format!("{}/{name}", self.name), "SecretString": value}).to_string();
        let headers =
            [("X-Amz-Target", "secretsmanager.PutSecretValue"), ("Content-Type", "application/x-amz-json-1.1")];
        self.emulator.call("secretsmanager", ("POST", "/"), &headers, body.as_bytes())?;
        Ok(())
    }

    /// Invokes the function that output `name` names and waits for its answer.
    ///
    /// # Errors
    /// When there is no such function, or the emulator does not invoke it. A function that fails is no error here.
    pub async fn invoke(&self, name: &str, event: &Value) -> Result<Answer, Error> {
        let function = self.output(name)?;
        let answer = aws_sdk_lambda::Client::new(&self.emulator.sdk_config())
            .invoke()
            .function_name(function)
            .payload(Blob::new(event.to_string()))
            .send()
            .await
            .map_err(refused(&format!("invoke {function}")))?;
        let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
        let payload = serde_json::from_slice(payload).unwrap_or_else(|_| String::from_utf8_lossy(payload).into());
        Ok(Answer { payload, error: answer.function_error })
    }

    /// Lets `cargo lambda watch` serve the functions that these outputs name, from `package` of the workspace. The secrets
    /// must be there, and somebody must have run `make .tools/lambda/ready`.
    ///
    /// # Errors
    /// When cargo lambda is not installed.
    pub async fn watch(&self, package: &str, outputs: &[&str]) -> Result<Watch, Error> {
        let functions: Result<Vec<&str>, Error> = outputs.iter().map(|name| self.output(name)).collect();
        watch::start(self.emulator, &self.name, package, &functions?).await
    }
}

/// Creates or updates a stack from `template.yaml` and waits until it is there.
///
/// # Errors
/// When a binary was not built, or CloudFormation gives up.
pub async fn deploy<'a>(emulator: &'a Emulator, deploy: &Deploy) -> Result<Stack<'a>, Error> {
    let template_url = packaged(emulator, deploy)?;
    let config_path =
        deploy.relay_toml.canonicalize().map_err(Error::io(format!("find {}", deploy.relay_toml.display())))?;
    let mut parameters = deploy.parameters.clone();
    parameters.entry("ConfigPath".to_owned()).or_insert_with(|| config_path.display().to_string());
    let parameters: Vec<Parameter> =
        parameters.into_iter().map(|(k, v)| Parameter::builder().parameter_key(k).parameter_value(v).build()).collect();
    let client = Client::new(&emulator.sdk_config());
    let name = &deploy.stack_name;
    let capabilities = vec![Capability::CapabilityIam, Capability::CapabilityAutoExpand];
    if describe(&client, name).await.is_ok() {
        let update = client.update_stack().stack_name(name).template_url(template_url);
        let sent = update.set_parameters(Some(parameters)).set_capabilities(Some(capabilities)).send().await;
        match sent {
            Err(error) if error.message().is_some_and(|m| m.contains("No updates are to be performed")) => {}
            sent => drop(sent.map_err(refused("update the stack"))?),
        }
    } else {
        let create = client.create_stack().stack_name(name).template_url(template_url);
        let sent = create.set_parameters(Some(parameters)).set_capabilities(Some(capabilities)).send().await;
        sent.map_err(refused("create the stack"))?;
    }
    let outputs = settled(&client, name).await?;
    mend_concurrency(emulator, &client, name).await?;
    Ok(Stack { emulator, name: name.clone(), outputs })
}

/// Uploads the packages and the template that names them, which is longer than a call may be; its URL.
fn packaged(emulator: &Emulator, deploy: &Deploy) -> Result<String, Error> {
    let path = emulator.workspace().root().join("template.yaml");
    let template = fs::read_to_string(&path).map_err(Error::io(format!("read {}", path.display())))?;
    emulator.call("s3", ("PUT", &format!("/{BUCKET}")), &[], b"")?;
    let upload = |name: &str, package: &[u8]| {
        let key = format!("{BUCKET}/{}/{name}", deploy.stack_name);
        emulator.call("s3", ("PUT", &format!("/{key}")), &[], package)?;
        Ok::<_, Error>(key)
    };
    let off = template::off(&template, &deploy.parameters);
    let packaged = template::with_packages(&template, &off, |part| match part {
        Package::Function(binary) => {
            let package = package::function(&emulator.workspace().binary(deploy.profile, binary)?)?;
            Ok(format!("s3://{}", upload(&format!("{binary}.zip"), &package)?))
        }
        Package::Layer => Ok(format!("s3://{}", upload("config.zip", &package::layer(&deploy.relay_toml)?)?)),
        Package::Nested(file) => {
            let path = emulator.workspace().root().join(file);
            let nested = fs::read(&path).map_err(Error::io(format!("read {}", path.display())))?;
            Ok(format!("{}/{}", emulator.endpoint(), upload(file, &nested)?))
        }
    })?;
    Ok(format!("{}/{}", emulator.endpoint(), upload("template.yaml", packaged.as_bytes())?))
}

/// Waits until nothing is in progress; the outputs.
async fn settled(client: &Client, name: &str) -> Result<BTreeMap<String, String>, Error> {
    loop {
        let stack = describe(client, name).await?;
        let status = stack.stack_status().map(|s| s.as_str().to_owned()).unwrap_or_default();
        if status.ends_with("_IN_PROGRESS") {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        if status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE" {
            let outputs = stack.outputs().iter();
            return Ok(outputs.filter_map(|o| Some((o.output_key.clone()?, o.output_value.clone()?))).collect());
        }
        let events =
            client.describe_stack_events().stack_name(name).send().await.map_err(refused("list the stack's events"))?;
        let reasons = events.stack_events().iter();
        let reasons =
            reasons.filter_map(|e| Some(format!("{}: {}", e.logical_resource_id()?, e.resource_status_reason()?)));
        return Err(Error::NotDeployed { stack: name.to_owned(), status, reasons: reasons.collect() });
    }
}

async fn describe(client: &Client, name: &str) -> Result<Description, Error> {
    let answer = client.describe_stacks().stack_name(name).send().await.map_err(refused("describe the stack"))?;
    let missing = || Error::Refused { what: "describe the stack".to_owned(), detail: "no answer".to_owned() };
    answer.stacks.unwrap_or_default().into_iter().next().ok_or_else(missing)
}

/// CloudFormation gives a `Number` parameter to a number property as a number. The emulator keeps the text, and its poller
/// then fails over `MaximumConcurrency`: it is set again here, as the number it is.
async fn mend_concurrency(emulator: &Emulator, client: &Client, name: &str) -> Result<(), Error> {
    let answer = client
        .describe_stack_resources()
        .stack_name(name)
        .send()
        .await
        .map_err(refused("list the stack's resources"))?;
    let mappings =
        answer.stack_resources().iter().filter(|r| r.resource_type() == Some("AWS::Lambda::EventSourceMapping"));
    for id in mappings.filter_map(|mapping| mapping.physical_resource_id()) {
        let path = format!("/2015-03-31/event-source-mappings/{id}");
        let mapping: Value =
            serde_json::from_str(&emulator.call("lambda", ("GET", &path), &[], b"")?).unwrap_or_default();
        let text = mapping["ScalingConfig"]["MaximumConcurrency"].as_str();
        if let Some(number) = text.and_then(|text| text.parse::<u32>().ok()) {
            let body = json!({"ScalingConfig": {"MaximumConcurrency": number}}).to_string();
            emulator.call("lambda", ("PUT", &path), &[("Content-Type", "application/json")], body.as_bytes())?;
        }
    }
    Ok(())
}
