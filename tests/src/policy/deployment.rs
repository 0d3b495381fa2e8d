//! Who may deploy, and that somebody is told when things go wrong.

use crate::template::{Template, list, workspace};
use serde_json::{Value, json};
use std::{fs, process::Command};

/// Whether the role of infra/deploy-role.yaml, made for `acme/order-relay` and `prod`, trusts a token with this subject: as IAM
/// compares `StringEquals`, any of the values and no pattern.
fn is_trusted(subject: &str) -> bool {
    let template = Template::read("infra/deploy-role.yaml").with(&[
        ("Repository", "acme/order-relay"),
        ("OwnerId", "123456"),
        ("RepositoryId", "456789"),
        ("Environment", "prod"),
    ]);
    let policy = &template.0["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"];
    let [statement] = list(&policy["Statement"])[..] else { panic!("one statement: {policy}") };
    let conditions = statement["Condition"].as_object().unwrap();
    assert_eq!(conditions.keys().collect::<Vec<_>>(), ["StringEquals"], "nothing but whole values is compared");
    let token = json!({"aud": "sts.amazonaws.com", "sub": subject});
    let claims = conditions["StringEquals"].as_object().unwrap();
    assert_eq!(claims.len(), 2, "audience and subject");
    claims.iter().all(|(name, accepted)| {
        let claim = name.strip_prefix("token.actions.githubusercontent.com:").unwrap();
        list(accepted).contains(&&token[claim])
    })
}

#[test]
fn both_forms_of_githubs_subject_are_trusted_and_nothing_else() {
    assert!(is_trusted("repo:acme/order-relay:environment:prod"), "a repository of before July 2026");
    assert!(is_trusted("repo:acme@123456/order-relay@456789:environment:prod"), "one made, renamed or moved since");
    for other in [
        "repo:acme@123456/order-relay@456780:environment:prod",
        "repo:acme@123450/order-relay@456789:environment:prod",
        "repo:acme@123456/other@456789:environment:prod",
        "repo:acme@123456/order-relay:environment:prod",
        "repo:acme/order-relay@456789:environment:prod",
        "repo:acme@123456/order-relay@456789:environment:dev",
        "repo:acme@123456/order-relay@456789:ref:refs/heads/main",
        "repo:acme@123456/order-relay@456789:environment:prod:x",
        "repo:acme-123456/order-relay-456789:environment:prod",
        "repo:acme@/order-relay@:environment:prod",
        "",
    ] {
        assert!(!is_trusted(other), "{other}");
    }
}

/// The parameters that samconfig.toml gives an environment.
fn parameters(environment: &str) -> Vec<(String, String)> {
    let file: toml::Table = fs::read_to_string(workspace("samconfig.toml")).unwrap().parse().unwrap();
    let given = file[environment]["deploy"]["parameters"]["parameter_overrides"].as_array().unwrap();
    given.iter().map(|it| it.as_str().unwrap().split_once('=').unwrap()).map(|(n, v)| (n.into(), v.into())).collect()
}

/// Whether CloudFormation takes these values: the rule about alarms and the parameter's pattern.
fn is_accepted(alarm_email: &str) -> bool {
    let template = Template::shipped();
    let pattern = template.0["Parameters"]["AlarmEmail"]["AllowedPattern"].as_str().unwrap();
    let rule = &template.0["Rules"]["SomebodyIsTold"];
    assert_eq!(rule["RuleCondition"], json!({"Fn::Equals": [{"Ref": "OnEmulator"}, "false"]}));
    let not_empty = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]});
    assert_eq!(rule["Assertions"][0]["Assert"], not_empty);
    // CloudFormation matches a pattern against the whole value.
    regex::Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(alarm_email) && !alarm_email.is_empty()
}

#[test]
fn a_deployment_without_somebody_who_is_told_is_refused() {
    assert!(is_accepted("orders@example.com"));
    assert!(is_accepted("none"), "said in so many words");
    assert_eq!(Template::shipped().0["Parameters"]["AlarmEmail"]["Default"], "", "asked for by sam deploy --guided");
    for environment in ["dev", "prod"] {
        let given: Vec<_> = parameters(environment).into_iter().filter(|(name, _)| name == "AlarmEmail").collect();
        let [(_, value)] = &given[..] else { panic!("{environment}: {given:?}") };
        assert_eq!(value, "$ALARM_EMAIL", "the pipeline puts the environment's address there");
        assert!(!is_accepted(value), "as it is written in the file it deploys nothing");
    }
    assert!(!is_accepted(""));
    let subscribed = |email: &str| {
        let nested = Template::shipped().part("Observability").with(&[("AlarmEmail", email)]);
        nested.0["Resources"]["AlarmEmailSubscription"]["Properties"]["Endpoint"].clone()
    };
    assert_eq!(subscribed("orders@example.com"), "orders@example.com");
    assert_eq!((subscribed("none"), subscribed("")), (Value::Null, Value::Null));
}

/// Runs the workflow's own step, with an address and without one.
#[test]
fn the_pipeline_stops_without_an_address() {
    let workflow = Template::read(".github/workflows/deploy.yml");
    let steps = workflow.0["jobs"]["deploy"]["steps"].as_array().unwrap();
    let place =
        |what: &str| steps.iter().position(|it| it["run"].as_str().is_some_and(|run| run.contains(what))).unwrap();
    let (settings, deploy) = (place("ALARM_EMAIL:?"), place("sam deploy"));
    assert!(settings < deploy);
    assert_eq!(steps[settings]["env"]["ALARM_EMAIL"], "${{ vars.ALARM_EMAIL }}");
    let file = "samconfig.deploy.toml";
    assert!(steps[deploy]["run"].as_str().unwrap().contains(&format!("--config-file \"$PWD/{file}\"")));

    let folder = tempfile::tempdir().unwrap();
    fs::copy(workspace("samconfig.toml"), folder.path().join("samconfig.toml")).unwrap();
    // The machine of the tests may not have gettext.
    let envsubst = "envsubst() { sed \"s/\\$ALARM_EMAIL/$ALARM_EMAIL/\"; }\n";
    let run = |address: &str| {
        let script = format!("set -e\n{envsubst}{}", steps[settings]["run"].as_str().unwrap());
        let mut bash = Command::new("bash");
        bash.args(["-c", &script]).current_dir(folder.path()).env("ALARM_EMAIL", address).output().unwrap()
    };
    let refused = run("");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the variable ALARM_EMAIL"), "{refused:?}");
    assert!(!folder.path().join(file).exists());
    assert!(run("orders@example.com").status.success());
    let written = fs::read_to_string(folder.path().join(file)).unwrap();
    assert_eq!(written.matches("\"AlarmEmail=orders@example.com\"").count(), 2, "{written}");
}
