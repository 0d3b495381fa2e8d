//! What holds for every queue, table, log group and function of the template, nested parts included.

use crate::template::{FLOWS, Template, list, referred};
use serde_json::{Value, json};

/// Queues with a name of ours, and why. Everything else is named by CloudFormation.
const NAMED: [(&str, &str); 4] = [
    ("ReviewsQueue", "it and its dead-letter queue name each other"),
    ("ErpQueue", "it and its dead-letter queue name each other"),
    ("LoyaltyQueue", "it and its dead-letter queue name each other"),
    ("WritebackQueue", "it and its dead-letter queue name each other"),
];

/// The outputs that users and tools rely on, each with the resource whose name or URL it is.
const OUTPUTS: [(&str, &str); 20] = [
    ("ReviewsProducerFunction", "ReviewsProducer"),
    ("ReviewsConsumerFunction", "ReviewsConsumer"),
    ("ReviewsReconcilerFunction", "ReviewsReconciler"),
    ("ReviewsQueueUrl", "ReviewsQueue"),
    ("ReviewsDeadLetterQueueUrl", "ReviewsDeadLetterQueue"),
    ("ShopifyWebhookFunction", "ShopifyWebhook"),
    ("NetsuiteWorkerFunction", "NetsuiteWorker"),
    ("ErpReconcilerFunction", "ErpReconciler"),
    ("ErpQueueUrl", "ErpQueue"),
    ("ErpDeadLetterQueueUrl", "ErpDeadLetterQueue"),
    ("LoyaltyProducerFunction", "LoyaltyProducer"),
    ("LoyaltyConsumerFunction", "LoyaltyConsumer"),
    ("LoyaltyWebhookFunction", "LoyaltyWebhook"),
    ("LoyaltyWritebackFunction", "LoyaltyWriteback"),
    ("LoyaltyReconcilerFunction", "LoyaltyReconciler"),
    ("LoyaltyQueueUrl", "LoyaltyQueue"),
    ("LoyaltyDeadLetterQueueUrl", "LoyaltyDeadLetterQueue"),
    ("WritebackQueueUrl", "WritebackQueue"),
    ("WritebackDeadLetterQueueUrl", "WritebackDeadLetterQueue"),
    ("LedgerTable", "Ledger"),
];

/// The template and its nested parts, with AWS's keys and with a key of the stack's own.
fn templates() -> Vec<Template> {
    let shipped = Template::shipped();
    let mut with_key = FLOWS.map(|flow| (flow, "true")).to_vec();
    with_key.push(("CustomerManagedKey", "true"));
    let mut templates = vec![Template::whole(), shipped.with(&with_key)];
    let stacks = shipped.of_type("AWS::CloudFormation::Stack");
    templates.extend(stacks.into_iter().map(|(stack, _)| shipped.part(stack).with(&[])));
    templates
}

/// Every resource of a type with its properties, over all templates.
fn all(kind: &str) -> Vec<(Template, String, Value)> {
    let mut found = Vec::new();
    for template in templates() {
        let resources = template.of_type(kind);
        let resources: Vec<_> =
            resources.into_iter().map(|(id, properties)| (id.to_owned(), properties.clone())).collect();
        found.extend(resources.into_iter().map(|(id, properties)| (template.clone(), id, properties)));
    }
    found
}

/// Whether a queue is where others put what they give up.
fn is_dead_letter_queue(template: &Template, queue: &str) -> bool {
    let queues = template.of_type("AWS::SQS::Queue");
    let redrives = queues.iter().any(|(_, q)| referred(&q["RedrivePolicy"]["deadLetterTargetArn"]) == Some(queue));
    let functions = template.functions();
    let mut schedules = functions.iter().flat_map(|function| function.schedules());
    redrives || schedules.any(|schedule| referred(&schedule["DeadLetterConfig"]["Arn"]) == Some(queue))
}

#[test]
fn every_queue_is_encrypted_and_speaks_tls_only() {
    for (template, id, queue) in all("AWS::SQS::Queue") {
        let encrypted = queue["SqsManagedSseEnabled"] == true || referred(&queue["KmsMasterKeyId"]).is_some();
        assert!(encrypted, "{id} is not encrypted");
        let policies = template.of_type("AWS::SQS::QueuePolicy");
        let of_it = policies.iter().filter(|(_, policy)| list(&policy["Queues"]).contains(&&json!({ "Ref": id })));
        let mut statements = of_it.flat_map(|(_, policy)| list(&policy["PolicyDocument"]["Statement"]));
        let refuses = statements.any(|statement| {
            statement["Effect"] == "Deny"
                && statement["Principal"] == "*"
                && statement["Action"] == "sqs:*"
                && referred(&statement["Resource"]) == Some(id.as_str())
                && statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
        });
        assert!(refuses, "{id} takes calls without TLS");
    }
}

#[test]
fn every_queue_has_a_dead_letter_queue_that_takes_from_it_alone() {
    for (template, id, queue) in all("AWS::SQS::Queue") {
        if is_dead_letter_queue(&template, &id) {
            assert_eq!(queue["MessageRetentionPeriod"], 14 * 24 * 60 * 60, "{id} keeps letters as long as SQS does");
            let allowed = &queue["RedriveAllowPolicy"]["redrivePermission"];
            assert!(allowed == "byQueue" || allowed == "denyAll", "any queue of the account may use {id}");
        } else {
            assert!(
                referred(&queue["RedrivePolicy"]["deadLetterTargetArn"]).is_some(),
                "{id} has no dead-letter queue"
            );
        }
    }
}

#[test]
fn every_schedule_tries_again_and_keeps_what_it_gave_up() {
    for function in Template::whole().functions() {
        for schedule in function.schedules() {
            assert!(schedule["RetryPolicy"]["MaximumRetryAttempts"].as_u64() > Some(0), "{}", function.id);
            assert!(referred(&schedule["DeadLetterConfig"]["Arn"]).is_some(), "{}", function.id);
            assert!(schedule["ScheduleExpressionTimezone"].is_string(), "{}", function.id);
        }
    }
}

#[test]
fn the_table_can_be_restored_and_is_not_deleted_by_mistake() {
    let tables = all("AWS::DynamoDB::Table");
    assert!(!tables.is_empty());
    for (template, id, table) in tables {
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST", "{id}");
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{id}");
        assert_eq!(table["DeletionProtectionEnabled"], true, "{id}");
        let resource = &template.0["Resources"][&id];
        assert_eq!(
            (&resource["DeletionPolicy"], &resource["UpdateReplacePolicy"]),
            (&json!("RetainExceptOnCreate"), &json!("Retain"))
        );
    }
}

#[test]
fn nothing_that_holds_data_has_a_fixed_name() {
    for (_, id, table) in all("AWS::DynamoDB::Table") {
        assert!(table["TableName"].is_null(), "{id}");
    }
    for (_, id, queue) in all("AWS::SQS::Queue") {
        let exempt = NAMED.iter().any(|(named, _)| *named == id);
        assert!(queue["QueueName"].is_null() || exempt, "{id}");
        // Two stacks in an account must not meet.
        let of_the_stack = queue["QueueName"]["Fn::Sub"].as_str().is_none_or(|name| name.contains("${AWS::StackName}"));
        assert!(of_the_stack && !queue["QueueName"].is_string(), "{id}");
    }
}

#[test]
fn every_function_is_built_and_watched_alike() {
    let shipped = Template::shipped();
    let parameter = &shipped.0["Parameters"]["Architecture"];
    assert_eq!((&parameter["Default"], &parameter["AllowedValues"]), (&json!("arm64"), &json!(["arm64", "x86_64"])));
    let template = Template::whole();
    for function in template.functions() {
        let (id, properties) = (&function.id, &function.properties);
        assert_eq!(properties["Architectures"], json!(["arm64"]), "{id}");
        assert_eq!(properties["Runtime"], "provided.al2023", "{id}");
        assert_eq!(properties["Tracing"], "Active", "{id}");
        assert_eq!(properties["LoggingConfig"]["LogFormat"], "JSON", "{id}");
        let logs =
            referred(&properties["LoggingConfig"]["LogGroup"]).unwrap_or_else(|| panic!("{id} has no log group"));
        assert!(template.0["Resources"][logs]["Properties"]["RetentionInDays"].is_u64(), "{logs}");
        let others = template.functions().into_iter().filter(|other| other.id != *id);
        for other in others {
            assert_ne!(referred(&other.properties["LoggingConfig"]["LogGroup"]), Some(logs), "{id} and {}", other.id);
        }
    }
    for (_, id, group) in all("AWS::Logs::LogGroup") {
        assert!(group["RetentionInDays"].is_u64(), "{id} keeps its lines for ever");
    }
}

/// Who takes work is checked before a new version gets any.
#[test]
fn a_new_version_is_checked_before_it_gets_work() {
    let template = Template::whole();
    for function in template.functions() {
        if function.binary == "rollout-check" {
            continue;
        }
        let id = &function.id;
        assert!(function.properties["AutoPublishAlias"].is_string(), "{id}");
        let hook = referred(&function.properties["DeploymentPreference"]["Hooks"]["PreTraffic"]);
        assert_eq!(hook, Some("RolloutCheck"), "{id}");
        let targets = template.function("rollout-check");
        let targets = list(&targets.variable("TARGETS")["Fn::Join"][1]);
        assert!(targets.contains(&&json!({ "Ref": format!("{id}.Version") })), "{id} is not asked");
    }
}

#[test]
fn what_exists_has_its_output() {
    let template = Template::whole();
    for (output, resource) in OUTPUTS {
        assert!(template.0["Resources"][resource].is_object(), "{resource}");
        assert_eq!(template.0["Outputs"][output]["Value"], json!({ "Ref": resource }), "{output}");
    }
    let url = json!({"Fn::Sub": "https://${ShopifyApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/shopify"});
    assert_eq!(template.0["Outputs"]["ShopifyWebhookUrl"]["Value"], url);
    // The token is put behind it.
    let url = json!({"Fn::Sub": "https://${LoyaltyApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"});
    assert_eq!(template.0["Outputs"]["LoyaltyWebhookUrl"]["Value"], url);
    let known = |id: &str| OUTPUTS.iter().any(|(_, resource)| *resource == id) || id == "RolloutCheck";
    assert!(template.functions().iter().all(|function| known(&function.id)), "a function without an output");
}

/// The token is in the path, and in nothing else of a request: what is written down of one names neither path nor headers.
#[test]
fn no_access_log_names_a_path() {
    let stages = all("AWS::ApiGatewayV2::Stage");
    assert!(!stages.is_empty());
    let named_in = regex::Regex::new(r"\$context\.([a-zA-Z.]+)").unwrap();
    for (_, id, stage) in stages {
        let format = stage["AccessLogSettings"]["Format"].as_str().unwrap();
        let named: Vec<_> = named_in.captures_iter(format).map(|it| it[1].to_owned()).collect();
        assert!(named.iter().any(|it| it == "routeKey") && named.iter().any(|it| it == "status"), "{id}: {named:?}");
        let told = |name: &str| ["path", "domain", "authorizer", "identity"].iter().any(|it| name.contains(it));
        assert!(!named.iter().any(|name| told(name)), "{id}: {named:?}");
    }
}

/// Nested parts bring no role that `roles` does not read.
#[test]
fn nested_parts_have_no_roles_and_no_functions() {
    let shipped = Template::shipped();
    for (stack, _) in shipped.of_type("AWS::CloudFormation::Stack") {
        let part = shipped.part(stack);
        for kind in ["AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::Serverless::Function"] {
            assert!(part.of_type(kind).is_empty(), "{stack} has an {kind}");
        }
        for kind in ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"] {
            for (alarm, properties) in part.of_type(kind) {
                let said = &properties["AlarmDescription"];
                assert!(!said.is_null() && said != "", "{alarm} does not say what to do");
            }
        }
    }
}
