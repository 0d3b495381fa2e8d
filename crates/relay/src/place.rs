//! Where a command works: the deployed stack, and the settings that it was deployed with.

use crate::{
    answer::say,
    deployed::{self, Purpose, Settings},
    failure::Failure,
    flow::{Flow, Queues},
    operator::Operator,
    options::{Context, Options},
    text::WARN,
};
use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
use aws_sdk_lambda::primitives::Blob;
use chrono::{DateTime, Utc};
use config::Relay;
use erp::{account::NetSuiteAccount, admins::Admins};
use function::{Environment, SettingsFile};
use futures_util::future::join_all;
use secrets::Secrets;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path, rc::Rc, sync::Arc, time::Duration};

/// When a connection to Lambda is given up.
const CONNECT: Duration = Duration::from_millis(3_100);
/// A cold start takes less.
const COLD_START: Duration = Duration::from_secs(20);
/// A function runs for a quarter of an hour at most.
const LONGEST_RUN: Duration = Duration::from_secs(910);

/// What there is instead of what reviews has for itself.
const NOT_OF_OTHERS: &str = "of the other flows there are `relay check`, `status`, `certificate`, `parked`, `dlq` and `forget`; of erp \
    `order`, `report`, `probe netsuite` and `preview --shopify-order` too: Shopify's webhooks bring its orders, no run does, and `relay \
    certificate --refresh` lets the reconciler look at a day and send what is missing; of loyalty `relay run --flow loyalty`";

/// A deployed stack.
pub(crate) struct Place {
    pub(crate) stack: String,
    /// What the command is about.
    pub(crate) flows: Vec<Flow>,
    pub(crate) aws: SdkConfig,
    pub(crate) config: Arc<Relay>,
    /// The clock.
    pub(crate) now: fn() -> DateTime<Utc>,
    /// For whoever interrupts the command.
    pub(crate) context: Rc<Context>,
    outputs: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
}

impl Place {
    /// Asks CloudFormation for the stack, reads the settings, and asks its functions whether they have the same: if not, a command
    /// that changes something is refused, and the answer of one that reads begins with it.
    pub(crate) async fn find(options: &Options, purpose: Purpose) -> Result<Self, Failure> {
        let stack = Stack::find(&options.stack, sdk().await?).await?;
        let (config, _) = settings(options, &stack).await?;
        let place = Self::with(options, stack, config)?;
        let settings = place.settings().await;
        if purpose == Purpose::Change {
            settings.refuse()?;
        }
        if settings.differ().is_some() {
            say(options, format_args!("{WARN}{settings}{WARN:#}"))?;
        }
        // Nobody asks for a place twice.
        let _ = options.context.settings.set(settings);
        Ok(place)
    }

    /// Of a stack, with these settings.
    pub(crate) fn with(options: &Options, stack: Stack, config: Relay) -> Result<Self, Failure> {
        let Stack { name, aws, outputs, parameters } = stack;
        let flows = flows(options, &outputs)?;
        let (config, context) = (Arc::new(config), Rc::clone(&options.context));
        Ok(Self { stack: name, flows, aws, config, now: Utc::now, context, outputs, parameters })
    }

    /// Who asks, as AWS names its caller.
    pub(crate) async fn who(&self) -> Result<String, Failure> {
        let answer = aws_sdk_sts::Client::new(&self.aws).get_caller_identity().send().await;
        let answer = answer.map_err(|error| Failure::undone("ask AWS who you are", &error))?;
        Ok(answer.arn().unwrap_or("unknown").to_owned())
    }

    /// The flows' functions, by the outputs that have their names.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &'static str> {
        self.flows.iter().flat_map(|flow| flow.functions()).copied()
    }

    /// Asks every function for its settings, in the version that is live.
    async fn settings(&self) -> Settings {
        let event = deployed::event();
        let answers = join_all(self.functions().map(async |output| {
            let name = self.output(output).unwrap_or(output).to_owned();
            (name, self.invoke_within(output, &event, COLD_START).await)
        }));
        Settings::of(&self.config.sha256, answers.await)
    }

    /// One of the stack's outputs.
    pub(crate) fn output(&self, name: &str) -> Result<&str, Failure> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| {
            Failure::because(format!("stack `{}` has no output `{name}`", self.stack))
                .hint("is it an order-relay stack of this version? deploy it again, or name another one with --stack")
        })
    }

    /// What the stack was deployed with for one of its parameters.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Reviews' ledger, queues and clients, for what is that flow's own.
    pub(crate) fn reviews(&self) -> Result<reviews::operate::Operator, Failure> {
        if !self.flows.contains(&Flow::Reviews) {
            return Err(Failure::input("this is about the reviews flow alone").hint(NOT_OF_OTHERS));
        }
        let http = salesforce::Http::new(self.config.protocol.call_timeout)
            .map_err(|error| Failure::undone("set up HTTP", &error))?;
        Ok(reviews::operate::Operator::of(self.environment(Flow::Reviews.queues()[0])?, http))
    }

    /// The org, by the secret that flows have in common.
    pub(crate) async fn salesforce(&self, flow: Flow) -> Result<salesforce::Client, Failure> {
        let http = salesforce::Http::new(self.config.protocol.call_timeout)
            .map_err(|error| Failure::undone("set up HTTP", &error))?;
        let client = org::client(&self.environment(flow.queues()[0])?, http).await;
        client.map_err(|error| Failure::undone("use Salesforce's secret", &error))
    }

    /// A flow's ledger, and the first of its queues.
    pub(crate) fn operator(&self, flow: Flow) -> Result<Operator, Failure> {
        self.operator_of(flow, flow.queues()[0])
    }

    /// The flows' ledgers, once for each of their queues.
    pub(crate) fn operators(&self) -> Result<Vec<(Flow, Operator)>, Failure> {
        let queues = self.flows.iter().flat_map(|flow| flow.queues().iter().map(|queues| (*flow, *queues)));
        queues.map(|(flow, queues)| Ok((flow, self.operator_of(flow, queues)?))).collect()
    }

    /// A flow's ledger, with these of its queues.
    pub(crate) fn operator_of(&self, flow: Flow, queues: Queues) -> Result<Operator, Failure> {
        Ok(Operator::of(&self.environment(queues)?, flow.protocol(&self.config)))
    }

    /// NetSuite, called in the account's slots like everybody else.
    pub(crate) async fn netsuite(&self) -> Result<NetSuiteAccount, Failure> {
        let (http, config, now) = (self.vendors_http()?, &self.config, self.now);
        let (secrets, name) = (Secrets::new(&self.aws), format!("{}/netsuite", self.stack));
        let ledger = self.operator(Flow::Erp)?.ledger;
        let account = NetSuiteAccount::load(secrets, name, http, config, ledger, now, rand::random).await;
        account.map_err(|error| Failure::undone("use NetSuite's secret", &error))
    }

    /// The shops' Admin APIs.
    pub(crate) async fn admins(&self) -> Result<Admins, Failure> {
        let (secrets, name) = (Secrets::new(&self.aws), format!("{}/shopify", self.stack));
        let admins = Admins::load(secrets, name, self.vendors_http()?, self.config.shopify.clone(), self.now).await;
        admins.map_err(|error| Failure::undone("use Shopify's secret", &error))
    }

    fn vendors_http(&self) -> Result<netsuite::Http, Failure> {
        netsuite::Http::new(self.config.netsuite.call_timeout).map_err(|error| Failure::undone("set up HTTP", &error))
    }

    fn environment(&self, queues: Queues) -> Result<Environment, Failure> {
        Ok(Environment {
            config: Arc::clone(&self.config),
            aws: self.aws.clone(),
            stack: self.stack.clone(),
            table: self.output("LedgerTable")?.to_owned(),
            queue: self.output(queues.queue)?.to_owned(),
            dead_letters: self.output(queues.dead_letters)?.to_owned(),
            now: self.now,
        })
    }

    /// A flow's stores: those of the settings, or the shops that Shopify's secret names.
    pub(crate) async fn stores(&self, flow: Flow) -> Result<Vec<config::StoreName>, Failure> {
        match flow {
            Flow::Reviews => Ok(self.config.stores.keys().cloned().collect()),
            Flow::Erp => self.operator(flow)?.shops().await,
            Flow::Loyalty => Ok(self.config.loyalty.iter().flat_map(|it| it.stores.keys()).cloned().collect()),
        }
    }

    /// Refuses a store that the settings do not have.
    pub(crate) fn known(&self, store: Option<&config::StoreName>) -> Result<(), Failure> {
        let Some(store) = store.filter(|store| !self.config.stores.contains_key(store)) else { return Ok(()) };
        let names: Vec<&str> = self.config.stores.keys().map(config::StoreName::as_str).collect();
        Err(Failure::input(format!("`--store` is `{store}`; the settings have: {}", names.join(", "))))
    }

    /// Starts the function that output `name` names, in the version that the schedule starts, and waits for its answer.
    pub(crate) async fn invoke(&self, name: &str, event: &Value) -> Result<Value, Failure> {
        self.invoke_within(name, event, LONGEST_RUN).await
    }

    /// The same, and gives it up after so long.
    async fn invoke_within(&self, name: &str, event: &Value, within: Duration) -> Result<Value, Failure> {
        invoke(&self.aws, self.output(name)?, event, within).await
    }
}

/// Starts a function, in the version that the schedule starts, and waits so long for its answer.
async fn invoke(aws: &SdkConfig, function: &str, event: &Value, within: Duration) -> Result<Value, Failure> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(within)
        .disable_operation_attempt_timeout()
        .build();
    let config = aws_sdk_lambda::config::Builder::from(aws)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::disabled())
        .build();
    let sent = aws_sdk_lambda::Client::from_conf(config)
        .invoke()
        .function_name(function)
        .qualifier("live")
        .payload(Blob::new(event.to_string()))
        .send()
        .await;
    let answer = sent.map_err(|error| Failure::undone(&format!("start `{function}`"), &error))?;
    let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
    let payload: Value = serde_json::from_slice(payload).unwrap_or_default();
    if answer.function_error().is_none() {
        return Ok(payload);
    }
    let said = payload["errorMessage"].as_str().unwrap_or("it did not say why");
    Err(Failure::because(format!("`{function}` failed: {said}")).hint("`relay check` looks at what it needs"))
}

/// Those of the flows that the stack has; where it has none, what is missed is said of whichever is asked first.
fn flows(options: &Options, outputs: &Named) -> Result<Vec<Flow>, Failure> {
    let has = |flow: &Flow| flow.queues().iter().any(|queues| outputs.contains_key(queues.queue));
    let all: Vec<Flow> = Flow::ALL.into_iter().filter(has).collect();
    match options.flow {
        Some(flow) if !all.is_empty() && !has(&flow) => {
            let what = format!("stack `{}` has no {} flow", options.stack, flow.as_str());
            Err(Failure::input(what).hint("the template's parameters say which flows a stack has"))
        }
        Some(flow) => Ok(vec![flow]),
        None if all.is_empty() => Ok(Flow::ALL.to_vec()),
        None => Ok(all),
    }
}

/// What errors and answers call the settings that no file is named for.
pub(crate) const OF_THE_STACK: &str = "the stack's relay.toml";

/// What errors and answers call the settings.
pub(crate) fn origin(options: &Options) -> String {
    options.config.as_ref().map_or_else(|| OF_THE_STACK.to_owned(), |path| path.display().to_string())
}

/// The settings, and their text: of the file that is named, else those that the stack was deployed with.
pub(crate) async fn settings(options: &Options, stack: &Stack) -> Result<(Relay, String), Failure> {
    let text = match &options.config {
        Some(path) => read(path)?,
        None => stack.settings_file().await?,
    };
    Ok((parse(&text, &origin(options))?, text))
}

/// The settings of a file.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|source| unusable(&config::Error::Unreadable { origin: path.display().to_string(), source }))
}

/// Checks the text of settings that come from there.
pub(crate) fn parse(text: &str, origin: &str) -> Result<Relay, Failure> {
    Relay::parse(text, origin).map_err(|error| unusable(&error))
}

fn unusable(error: &config::Error) -> Failure {
    Failure::undone("read the settings", error).hint("name another file with --config or RELAY_CONFIG")
}

/// The SDK's configuration.
pub(crate) async fn sdk() -> Result<SdkConfig, Failure> {
    let aws = aws::sdk_config().await.map_err(|error| Failure::undone("set up the AWS SDK", error.as_ref()))?;
    if aws.region().is_none() {
        return Err(Failure::because("no AWS region is set").hint("set AWS_REGION, or a region in your profile"));
    }
    Ok(aws)
}

type Named = BTreeMap<String, String>;

/// A stack as CloudFormation knows it.
pub(crate) struct Stack {
    name: String,
    aws: SdkConfig,
    outputs: Named,
    parameters: Named,
}

impl Stack {
    /// Asks CloudFormation for it.
    pub(crate) async fn find(name: &str, aws: SdkConfig) -> Result<Self, Failure> {
        let client = aws_sdk_cloudformation::Client::new(&aws);
        let answer = client.describe_stacks().stack_name(name).send().await.map_err(|error| {
            if error.message().is_some_and(|message| message.contains("does not exist")) {
                let hint = "name it with --stack or RELAY_STACK; is this the right account and region?";
                return Failure::input(format!("there is no stack `{name}`")).hint(hint);
            }
            Failure::undone(&format!("find stack `{name}`"), &error)
                .hint("are AWS_REGION and your credentials set, and may you call cloudformation:DescribeStacks?")
        })?;
        let outputs = answer.stacks().iter().flat_map(aws_sdk_cloudformation::types::Stack::outputs);
        let parameters = answer.stacks().iter().flat_map(aws_sdk_cloudformation::types::Stack::parameters);
        let parameter = |p: &aws_sdk_cloudformation::types::Parameter| {
            Some((p.parameter_key()?.to_owned(), p.parameter_value()?.to_owned()))
        };
        Ok(Self {
            name: name.to_owned(),
            outputs: outputs.filter_map(|o| Some((o.output_key()?.to_owned(), o.output_value()?.to_owned()))).collect(),
            parameters: parameters.filter_map(parameter).collect(),
            aws,
        })
    }

    /// The settings that it was deployed with, of the first function that hands them out.
    pub(crate) async fn settings_file(&self) -> Result<String, Failure> {
        let functions = Flow::ALL.into_iter().flat_map(Flow::functions);
        let mut why = "it has no function".to_owned();
        for function in functions.filter_map(|output| self.outputs.get(*output)) {
            match invoke(&self.aws, function, &deployed::file_event(), COLD_START).await {
                Ok(answer) => match serde_json::from_value(answer) {
                    Ok(SettingsFile { file }) => return Ok(file),
                    Err(_) => why = format!("the answer of `{function}` is not one to {}", deployed::file_event()),
                },
                Err(failure) => failure.what().clone_into(&mut why),
            }
        }
        Err(Failure::because(format!("stack `{}` does not hand out its settings: {why}", self.name))
            .hint("name the file that it was deployed with by --config or RELAY_CONFIG"))
    }
}
