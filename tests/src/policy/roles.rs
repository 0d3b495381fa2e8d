//! Each role grants exactly the calls that are made with it: those of a function are recorded from the shipped code in the
//! simulated world, over nights with and without trouble and a check event.

use crate::template::{FLOWS, Function, Template, list, referred};
use serde_json::{Value, json};
use simulation::{Call, Resource, Scenario, run};
use std::collections::BTreeSet;

/// An action and the logical id of what it is about.
type Permission = (String, String);

/// Where a permission cannot name its resource: the action, and why.
const NAMELESS: [(&str, &str); 3] = [
    ("xray:PutTraceSegments", "X-Ray has no resources to name"),
    ("xray:PutTelemetryRecords", "X-Ray has no resources to name"),
    ("cloudwatch:DescribeAlarms", "CloudWatch answers it for all alarms or none"),
];

/// What `CodeDeploy` does to move an alias.
const DEPLOYMENT: [&str; 3] = ["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"];

/// The calls of all functions.
fn recorded() -> BTreeSet<Call> {
    // Some seeds, since no single one is sure to have every kind of trouble.
    let crowded = (1..=4).flat_map(|seed| [Scenario::crowded(seed, 200), Scenario::crowded(seed, 2)]);
    let scenarios = [Scenario::calm(1), Scenario::doomed(1)].into_iter().chain(crowded);
    scenarios
        .map(|scenario| run(&scenario))
        .flat_map(|report| {
            assert_eq!(report.failure(), None);
            report.bill.calls
        })
        .collect()
}

/// The logical id, or what stands in its place: `Ledger`, `Ledger/index/open`, `ReviewsProducer.Alias`, `*`.
fn resource(value: &Value) -> String {
    if let Some(text) = value["Fn::Sub"].as_str() {
        return text.replace("${", "").replace(".Arn}", "").replace('}', "");
    }
    referred(value).or_else(|| value.as_str()).unwrap_or_else(|| panic!("not a resource: {value}")).to_owned()
}

/// What a role grants.
fn grants(template: &Template, role: &str) -> BTreeSet<Permission> {
    let properties = &template.0["Resources"][role]["Properties"];
    assert!(properties["ManagedPolicyArns"].is_null(), "{role} has policies that nobody here has read");
    let statements =
        list(&properties["Policies"]).into_iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]));
    let mut granted = BTreeSet::new();
    for statement in statements {
        assert_eq!(statement["Effect"], "Allow", "{role} has a statement of another kind: {statement}");
        for action in list(&statement["Action"]) {
            for about in list(&statement["Resource"]) {
                granted.insert((action.as_str().unwrap().to_owned(), resource(about)));
            }
        }
    }
    granted
}

fn permission(action: &str, about: &str) -> Permission {
    (action.to_owned(), about.to_owned())
}

/// What a function's role must grant.
fn needed(template: &Template, function: &Function, recorded: &BTreeSet<Call>) -> BTreeSet<Permission> {
    let variable = |name: &str| referred(function.variable(name)).unwrap().to_owned();
    let about = |about: &Resource| match about {
        Resource::Queue => variable("QUEUE_URL"),
        Resource::DeadLetters => variable("DEAD_LETTER_QUEUE_URL"),
        Resource::Unknown(what) if what == WRITEBACK_QUEUE => variable("WRITEBACK_QUEUE_URL"),
        Resource::Table => variable("LEDGER_TABLE"),
        Resource::Index(name) => format!("{}/index/{name}", variable("LEDGER_TABLE")),
        Resource::Secret(name) => {
            let secrets = template.of_type("AWS::SecretsManager::Secret");
            let wanted = json!({"Fn::Sub": format!("${{AWS::StackName}}/{name}")});
            secrets.iter().find(|(_, secret)| secret["Name"] == wanted).unwrap().0.to_owned()
        }
        Resource::Unknown(what) => panic!("{} calls something that is not in the template: {what}", function.id),
    };
    let calls = recorded.iter().filter(|call| call.function.name == function.binary);
    let mut needed: BTreeSet<Permission> = calls.map(|call| (call.action.clone(), about(&call.resource))).collect();
    let listed = of_erp(&function.binary).into_iter().chain(of_loyalty(&function.binary));
    needed.extend(listed.map(|(action, resource)| (action.to_owned(), about(&resource))));
    if function.binary == "rollout-check" {
        needed.extend(of_the_rollout_check(function));
    }
    assert!(!needed.is_empty(), "nobody has recorded what {} calls", function.id);
    for mapping in function.mappings() {
        let queue = referred(&mapping["Queue"]).unwrap();
        needed.extend(
            ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"].map(|a| permission(&format!("sqs:{a}"), queue)),
        );
    }
    let logs = referred(&function.properties["LoggingConfig"]["LogGroup"]).unwrap();
    needed.extend(["logs:CreateLogStream", "logs:PutLogEvents"].map(|action| permission(action, logs)));
    if function.properties["Tracing"] == "Active" {
        needed.extend(["xray:PutTraceSegments", "xray:PutTelemetryRecords"].map(|action| permission(action, "*")));
    }
    needed.extend(of_the_key(template));
    needed
}

/// What the functions of the erp flow call, which no simulated night runs. Of everything that is here, the mapping's three on the
/// worker's queue aside, `every_call_of_the_erp_flow_is_in_its_code` finds the call in the sources.
fn of_erp(binary: &str) -> Vec<(&'static str, Resource)> {
    let secret = |name: &str| ("secretsmanager:GetSecretValue", Resource::Secret(name.to_owned()));
    // Each is checked before it gets work, and may park.
    let mut calls = vec![
        ("sqs:SendMessage", Resource::Queue),
        ("sqs:GetQueueAttributes", Resource::Queue),
        ("sqs:SendMessage", Resource::DeadLetters),
        ("sqs:GetQueueAttributes", Resource::DeadLetters),
        ("dynamodb:GetItem", Resource::Table),
        ("dynamodb:UpdateItem", Resource::Table),
        secret("shopify"),
    ];
    match binary {
        "shopify-webhook" => {}
        "netsuite-worker" => calls.extend([
            ("sqs:ChangeMessageVisibility", Resource::Queue),
            ("dynamodb:BatchGetItem", Resource::Table),
            secret("netsuite"),
        ]),
        "erp-reconciler" => calls.extend([
            ("dynamodb:BatchGetItem", Resource::Table),
            ("dynamodb:Query", Resource::Index("open".to_owned())),
            secret("netsuite"),
        ]),
        _ => calls.clear(),
    }
    calls
}

/// The queue of hints, where it is not the function's own.
const WRITEBACK_QUEUE: &str = "the write-back's queue";

/// What the functions of the loyalty flow call, beside what a simulated night of theirs shows.
fn of_loyalty(binary: &str) -> Vec<(&'static str, Resource)> {
    let secret = |name: &str| ("secretsmanager:GetSecretValue", Resource::Secret(name.to_owned()));
    let hints = || Resource::Unknown(WRITEBACK_QUEUE.to_owned());
    // Each is checked before it gets work.
    let mut calls = vec![
        ("sqs:SendMessage", Resource::Queue),
        ("sqs:GetQueueAttributes", Resource::Queue),
        ("sqs:SendMessage", Resource::DeadLetters),
        ("sqs:GetQueueAttributes", Resource::DeadLetters),
    ];
    let ledger = [("dynamodb:GetItem", Resource::Table), ("dynamodb:UpdateItem", Resource::Table)];
    match binary {
        "loyalty-producer" => {
            calls.extend(ledger);
            calls.extend([
                ("dynamodb:BatchGetItem", Resource::Table),
                ("dynamodb:Query", Resource::Index("open".to_owned())),
                secret("salesforce"),
            ]);
        }
        "loyalty-consumer" | "loyalty-writeback" => {
            calls.extend(ledger);
            calls.extend([("sqs:ChangeMessageVisibility", Resource::Queue), secret("salesforce"), secret("yotpo")]);
            if binary == "loyalty-consumer" {
                calls.extend(["sqs:SendMessage", "sqs:GetQueueAttributes"].map(|call| (call, hints())));
            }
        }
        // What it cannot put on the queue is lost to it, and made up for by night: it has no ledger.
        "loyalty-webhook" => calls.push(secret("yotpo")),
        "loyalty-reconciler" => {
            calls.extend(ledger);
            calls.extend([
                ("sqs:SendMessage", hints()),
                ("sqs:GetQueueAttributes", hints()),
                ("dynamodb:BatchGetItem", Resource::Table),
                ("dynamodb:Query", Resource::Index("open".to_owned())),
                secret("salesforce"),
                secret("yotpo"),
            ]);
        }
        _ => calls.clear(),
    }
    calls
}

/// `rollout-check` makes two calls, which its own tests look at: one to each target, one to `CodeDeploy`.
fn of_the_rollout_check(function: &Function) -> BTreeSet<Permission> {
    let targets = list(&function.variable("TARGETS")["Fn::Join"][1]).into_iter().filter(|target| **target != "");
    let mut needed: BTreeSet<_> = targets.map(|t| permission("lambda:InvokeFunction", &resource(t))).collect();
    let group =
        "arn:AWS::Partition:codedeploy:AWS::Region:AWS::AccountId:deploymentgroup:AWS::StackName-*/AWS::StackName-*";
    needed.insert(permission("codedeploy:PutLifecycleEventHookExecutionStatus", group));
    needed
}

/// With it there is a role that posts alarms.
const ALARM_WEBHOOK: (&str, &str) = ("AlarmWebhookUrl", "https://hooks.example.com/alarms");

/// What is encrypted with a key of the stack's own cannot be used without it.
fn of_the_key(template: &Template) -> Vec<Permission> {
    let keys = template.of_type("AWS::KMS::Key");
    keys.iter()
        .flat_map(|(key, _)| ["kms:Decrypt", "kms:GenerateDataKey"].map(|action| permission(action, key)))
        .collect()
}

/// Every role with what it must grant.
fn roles(template: &Template, recorded: &BTreeSet<Call>) -> Vec<(String, BTreeSet<Permission>)> {
    let mut roles = Vec::new();
    for function in template.functions() {
        let role =
            referred(&function.properties["Role"]).unwrap_or_else(|| panic!("{} has no role of ours", function.id));
        roles.push((role.to_owned(), needed(template, &function, recorded)));
        for schedule in function.schedules() {
            // Without a role of ours SAM makes one that may start this function and nothing else.
            let Some(role) = referred(&schedule["RoleArn"]) else { continue };
            let starts = if function.properties["AutoPublishAlias"].is_null() { "" } else { ".Alias" };
            let mut needed = BTreeSet::from([permission("lambda:InvokeFunction", &format!("{}{starts}", function.id))]);
            if let Some(letters) = referred(&schedule["DeadLetterConfig"]["Arn"]) {
                needed.insert(permission("sqs:SendMessage", letters));
            }
            needed.extend(of_the_key(template));
            roles.push((role.to_owned(), needed));
        }
        if let Some(role) = referred(&function.properties["DeploymentPreference"]["Role"]) {
            let check = referred(&function.properties["DeploymentPreference"]["Hooks"]["PreTraffic"]).unwrap();
            let mut needed = BTreeSet::from([
                permission("lambda:InvokeFunction", check),
                permission("cloudwatch:DescribeAlarms", "*"),
            ]);
            for about in [function.id.clone(), format!("{}:live", function.id)] {
                needed.extend(DEPLOYMENT.map(|action| permission(action, &about)));
            }
            roles.push((role.to_owned(), needed));
        }
    }
    for (_, rule) in template.of_type("AWS::Events::Rule") {
        for target in list(&rule["Targets"]) {
            let (role, to) = (referred(&target["RoleArn"]).unwrap(), referred(&target["Arn"]).unwrap());
            roles.push((role.to_owned(), BTreeSet::from([permission("events:InvokeApiDestination", to)])));
        }
    }
    merged(roles)
}

/// A role that serves several purposes grants what all of them need.
fn merged(roles: Vec<(String, BTreeSet<Permission>)>) -> Vec<(String, BTreeSet<Permission>)> {
    let mut merged: std::collections::BTreeMap<String, BTreeSet<Permission>> = std::collections::BTreeMap::new();
    for (role, needed) in roles {
        merged.entry(role).or_default().extend(needed);
    }
    merged.into_iter().collect()
}

/// What is wrong with the template's roles, in sentences.
fn wrong(template: &Template, recorded: &BTreeSet<Call>) -> Vec<String> {
    let roles = roles(template, recorded);
    let mut wrong = Vec::new();
    for (role, needed) in &roles {
        let granted = grants(template, role);
        for (action, about) in needed.difference(&granted) {
            wrong.push(format!("{role} lacks {action} on {about}"));
        }
        for (action, about) in granted.difference(needed) {
            wrong.push(format!("{role} grants {action} on {about}, which nobody uses"));
        }
        let nameless = |action: &str| NAMELESS.iter().any(|(named, _)| *named == action);
        for (action, about) in
            granted.iter().filter(|(action, about)| action.contains('*') || about == "*" && !nameless(action))
        {
            wrong.push(format!("{role} grants {action} on {about}: a wildcard"));
        }
    }
    for (role, _) in template.of_type("AWS::IAM::Role") {
        if roles.iter().all(|(known, _)| known != role) {
            wrong.push(format!("nobody uses {role}"));
        }
    }
    for (policy, _) in
        template.of_type("AWS::IAM::Policy").into_iter().chain(template.of_type("AWS::IAM::ManagedPolicy"))
    {
        wrong.push(format!("{policy} grants what its roles do not show"));
    }
    wrong
}

#[test]
fn every_role_grants_exactly_the_calls_that_are_made_with_it() {
    let recorded = recorded();
    let template = Template::shipped();
    assert_eq!(wrong(&Template::whole(), &recorded), Vec::<String>::new());
    assert_eq!(wrong(&template.with(&[ALARM_WEBHOOK]), &recorded), Vec::<String>::new());
    // With every switch the other way round, too, and one flow alone.
    for (name, parameter) in template.section("Parameters").filter(|(name, _)| *name != "OnEmulator") {
        let values = parameter["AllowedValues"].as_array().map(Vec::as_slice).unwrap_or_default();
        if values.contains(&json!("true")) {
            let is_flow = FLOWS.contains(&name);
            let other = if is_flow || parameter["Default"] == "true" { "false" } else { "true" };
            let mut with: Vec<_> = FLOWS.into_iter().filter(|flow| *flow != name).map(|flow| (flow, "true")).collect();
            with.push((name, other));
            assert_eq!(wrong(&template.with(&with), &recorded), Vec::<String>::new(), "{name} = {other}");
        }
    }
}

/// A role may do what its boundary allows too, and no more: what the boundary lacks would fail on AWS alone.
#[test]
fn the_pipelines_boundary_holds_every_permission() {
    let mut with_key = FLOWS.map(|flow| (flow, "true")).to_vec();
    with_key.extend([("CustomerManagedKey", "true"), ALARM_WEBHOOK]);
    let template = Template::shipped().with(&with_key);
    let deployment = Template::read("infra/deploy-role.yaml");
    let statements = &deployment.0["Resources"]["Boundary"]["Properties"]["PolicyDocument"]["Statement"];
    let allowed: BTreeSet<_> =
        list(statements).iter().flat_map(|s| list(&s["Action"])).filter_map(Value::as_str).collect();
    for (role, _) in template.of_type("AWS::IAM::Role") {
        for (action, _) in grants(&template, role) {
            assert!(allowed.contains(action.as_str()), "{role}: the boundary lacks {action}");
        }
    }
}

/// Takes each permission away in turn, and adds one that nobody uses.
#[test]
fn a_permission_too_few_or_too_many_is_named() {
    let recorded = recorded();
    let template = Template::whole();
    let mut tried = 0;
    for (role, _) in template.of_type("AWS::IAM::Role") {
        let statements =
            template.0["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].clone();
        for (action, about) in grants(&template, role) {
            let mut poorer = template.clone();
            let place = &mut poorer.0["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
            *place = without(&statements, &action, &about);
            assert_eq!(wrong(&poorer, &recorded), [format!("{role} lacks {action} on {about}")]);
            tried += 1;
        }
        for (action, about) in
            [("dynamodb:DeleteItem", json!({"Fn::GetAtt": ["Ledger", "Arn"]})), ("sqs:*", json!("*"))]
        {
            let mut richer = template.clone();
            let place = &mut richer.0["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
            let more = json!({"Effect": "Allow", "Action": action, "Resource": about});
            place.as_array_mut().unwrap().push(more);
            let found = wrong(&richer, &recorded);
            let sentence = format!("{role} grants {action} on {}, which nobody uses", resource(&about));
            assert_eq!(found.first(), Some(&sentence), "{found:?}");
            assert_eq!(found.iter().any(|wrong| wrong.ends_with("a wildcard")), action == "sqs:*", "{found:?}");
        }
    }
    assert!(tried > 15, "the roles grant only {tried} permissions");
}

/// The statements, each spread out to one permission, but for one.
fn without(statements: &Value, action: &str, about: &str) -> Value {
    let mut left = Vec::new();
    for statement in list(statements) {
        for one_action in list(&statement["Action"]) {
            for one in list(&statement["Resource"]) {
                if one_action != action || resource(one) != about {
                    left.push(json!({"Effect": "Allow", "Action": one_action, "Resource": one}));
                }
            }
        }
    }
    Value::from(left)
}
