//! A CloudFormation template as CloudFormation understands it: intrinsic functions in their long form, parameters and
//! conditions put in.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// A template; its parts are read with [`Template::part`].
#[derive(Clone, Debug)]
pub(crate) struct Template(pub(crate) Value);

/// The parameters that say which flows a stack has.
pub(crate) const FLOWS: [&str; 3] = ["ReviewsFlow", "ErpFlow", "LoyaltyFlow"];

/// What stands for a value that is left out.
const NO_VALUE: &str = "AWS::NoValue";

/// A file of the workspace.
pub(crate) fn workspace(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}

/// The text of the shipped template, for tests that change it.
pub(crate) fn shipped_text() -> String {
    fs::read_to_string(workspace("template.yaml")).unwrap()
}

impl Template {
    pub(crate) fn shipped() -> Self {
        Self::parse(&shipped_text())
    }

    /// What CloudFormation makes of the shipped template where the stack has every flow.
    pub(crate) fn whole() -> Self {
        Self::shipped().with(&FLOWS.map(|flow| (flow, "true")))
    }

    /// A template of the workspace, by its path there.
    pub(crate) fn read(path: &str) -> Self {
        Self::parse(&fs::read_to_string(workspace(path)).unwrap())
    }

    pub(crate) fn parse(text: &str) -> Self {
        let documents = Yaml::load_from_str(text).unwrap();
        assert_eq!(documents.len(), 1, "one document is a template");
        Self(long_form(&documents[0]))
    }

    /// The nested template of a stack resource.
    pub(crate) fn part(&self, stack: &str) -> Self {
        let path = self.0["Resources"][stack]["Properties"]["TemplateURL"].as_str().unwrap();
        Self::read(path)
    }

    /// The template that CloudFormation makes of it: with these values for parameters and defaults for the others.
    pub(crate) fn with(&self, values: &[(&str, &str)]) -> Self {
        let mut parameters = BTreeMap::new();
        for (name, parameter) in self.section("Parameters") {
            let given = values.iter().find(|(given, _)| *given == name).map(|(_, value)| Value::from(*value));
            let value = given.unwrap_or_else(|| parameter["Default"].clone());
            let number = value.as_str().filter(|_| parameter["Type"] == "Number").and_then(|v| v.parse::<i64>().ok());
            parameters.insert(name.to_owned(), number.map_or(value, Value::from));
        }
        for (name, _) in values {
            assert!(parameters.contains_key(*name), "the template has no parameter {name}");
        }
        let conditions = self.section("Conditions").map(|(n, c)| (n.to_owned(), c.clone())).collect();
        let resolver = Resolver { parameters, conditions };
        let mut root = self.0.clone();
        for section in ["Globals", "Resources", "Outputs"] {
            let put_in = self.0.get(section).and_then(|section| resolver.value(section));
            root[section] = put_in.unwrap_or_else(|| json!({}));
            if let Some(members) = root[section].as_object_mut().filter(|_| section != "Globals") {
                members.retain(|_, member| member["Condition"].as_str().is_none_or(|name| resolver.holds_named(name)));
            }
        }
        Self(root)
    }

    pub(crate) fn section(&self, name: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.0[name].as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }

    /// The properties of the resources of a type.
    pub(crate) fn of_type(&self, kind: &str) -> Vec<(&str, &Value)> {
        let found = self.section("Resources").filter(|(_, resource)| resource["Type"] == kind);
        found.map(|(name, resource)| (name, &resource["Properties"])).collect()
    }

    /// The functions with what the globals add, each by its logical id, with its binary.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let globals = &self.0["Globals"]["Function"];
        let functions = self.section("Resources").filter(|(_, r)| r["Type"] == "AWS::Serverless::Function");
        functions
            .map(|(id, resource)| {
                let mut properties = globals.clone();
                merge(&mut properties, &resource["Properties"]);
                let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or_default().to_owned();
                Function { id: id.to_owned(), binary, properties }
            })
            .collect()
    }

    /// The function of a binary.
    pub(crate) fn function(&self, binary: &str) -> Function {
        self.functions().into_iter().find(|function| function.binary == binary).unwrap()
    }
}

/// A function of the template.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) id: String,
    pub(crate) binary: String,
    pub(crate) properties: Value,
}

impl Function {
    /// The queues whose messages it gets: the mapping's properties.
    pub(crate) fn mappings(&self) -> Vec<&Value> {
        self.events("SQS")
    }

    /// The schedules that start it.
    pub(crate) fn schedules(&self) -> Vec<&Value> {
        self.events("ScheduleV2")
    }

    fn events(&self, kind: &str) -> Vec<&Value> {
        let events = self.properties["Events"].as_object().into_iter().flat_map(Map::values);
        events.filter(|event| event["Type"] == kind).map(|event| &event["Properties"]).collect()
    }

    pub(crate) fn variable(&self, name: &str) -> &Value {
        &self.properties["Environment"]["Variables"][name]
    }
}

/// The logical id that a reference is to: `!Ref X`, `!GetAtt X.Arn`.
pub(crate) fn referred(value: &Value) -> Option<&str> {
    value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str())
}

/// The text of a string or of a `Fn::Sub`, `${X}` left as it is.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().or_else(|| value["Fn::Sub"].as_str()).unwrap_or_else(|| panic!("no text: {value}"))
}

/// One value, or a list of them.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn long_form(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(values) => values.iter().map(long_form).collect(),
        Yaml::Mapping(members) => {
            let key = |key: &Yaml<'_>| match long_form(key) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            Value::Object(members.iter().map(|(name, value)| (key(name), long_form(value))).collect())
        }
        Yaml::Tagged(tag, value) => {
            let value = long_form(value);
            match (tag.suffix.as_str(), &value) {
                (name @ ("Ref" | "Condition"), _) => json!({ name: value }),
                ("GetAtt", Value::String(path)) => {
                    let (resource, attribute) = path.split_once('.').unwrap();
                    json!({"Fn::GetAtt": [resource, attribute]})
                }
                (name, _) => json!({ format!("Fn::{name}"): value }),
            }
        }
        other => panic!("not in a template: {other:?}"),
    }
}

struct Resolver {
    parameters: BTreeMap<String, Value>,
    conditions: BTreeMap<String, Value>,
}

impl Resolver {
    /// `None` for what is left out.
    fn value(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Array(values) => Some(values.iter().filter_map(|value| self.value(value)).collect()),
            Value::Object(members) => {
                if let Some(name) = value["Ref"].as_str().filter(|_| members.len() == 1) {
                    let known = self.parameters.get(name).cloned();
                    return if name == NO_VALUE { None } else { Some(known.unwrap_or_else(|| value.clone())) };
                }
                if let Some([condition, yes, no]) = value["Fn::If"].as_array().map(Vec::as_slice) {
                    return self.value(if self.holds_named(condition.as_str().unwrap()) { yes } else { no });
                }
                if let Some(text) = value["Fn::Sub"].as_str() {
                    return Some(self.substituted(text));
                }
                if let Some([text, names]) = value["Fn::Sub"].as_array().map(Vec::as_slice) {
                    let mut text = text.as_str().unwrap().to_owned();
                    for (name, value) in names.as_object().into_iter().flatten() {
                        text = text.replace(&format!("${{{name}}}"), self.value(value)?.as_str()?);
                    }
                    return Some(self.substituted(&text));
                }
                if let Some([index, values]) = value["Fn::Select"].as_array().map(Vec::as_slice) {
                    return self.value(values)?.get(usize::try_from(index.as_u64()?).ok()?).cloned();
                }
                if let Some([by, text]) = value["Fn::Split"].as_array().map(Vec::as_slice) {
                    return Some(self.value(text)?.as_str()?.split(by.as_str()?).collect());
                }
                let resolved = members.iter().filter_map(|(name, value)| Some((name.clone(), self.value(value)?)));
                Some(Value::Object(resolved.collect()))
            }
            plain => Some(plain.clone()),
        }
    }

    /// With the parameters' values; what names other things stays.
    fn substituted(&self, text: &str) -> Value {
        let mut text = text.to_owned();
        for (name, value) in &self.parameters {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text = text.replace(&format!("${{{name}}}"), &value);
        }
        if text.contains("${") { json!({"Fn::Sub": text}) } else { Value::from(text) }
    }

    fn holds_named(&self, name: &str) -> bool {
        self.holds(self.conditions.get(name).unwrap_or_else(|| panic!("no condition {name}")))
    }

    fn holds(&self, condition: &Value) -> bool {
        let (function, operands) = condition.as_object().and_then(|c| c.iter().next()).unwrap();
        let text = |value: &Value| self.value(value).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
        match (function.as_str(), operands.as_array().map(Vec::as_slice)) {
            ("Condition", _) => self.holds_named(operands.as_str().unwrap()),
            ("Fn::Equals", Some([a, b])) => text(a) == text(b),
            ("Fn::Not", Some([one])) => !self.holds(one),
            ("Fn::And", Some(all)) => all.iter().all(|one| self.holds(one)),
            ("Fn::Or", Some(any)) => any.iter().any(|one| self.holds(one)),
            other => panic!("not a condition: {other:?}"),
        }
    }
}

#[test]
fn a_template_is_read_as_cloudformation_reads_it() {
    let template = Template::parse(
        "
Parameters:
  Seconds: { Type: Number, Default: 60 }
  Key: { Type: String, Default: \"false\" }
Conditions:
  HasKey: !Equals [!Ref Key, \"true\"]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: !Ref Seconds
      Name: !Sub q-${Seconds}-${AWS::StackName}
      Sse: !If [HasKey, !Ref AWS::NoValue, true]
      Arn: !GetAtt Other.Arn
      List: [!Ref Other, !If [HasKey, 1, !Ref AWS::NoValue]]
  Kms: { Type: AWS::KMS::Key, Condition: HasKey }
",
    );
    let resolved = template.with(&[]);
    let expected = json!({
        "VisibilityTimeout": 60, "Name": {"Fn::Sub": "q-60-${AWS::StackName}"}, "Sse": true,
        "Arn": {"Fn::GetAtt": ["Other", "Arn"]}, "List": [{"Ref": "Other"}],
    });
    assert_eq!(resolved.of_type("AWS::SQS::Queue"), [("Queue", &expected)]);
    assert!(resolved.of_type("AWS::KMS::Key").is_empty());
    let keyed = template.with(&[("Key", "true"), ("Seconds", "9")]);
    let (_, queue) = keyed.of_type("AWS::SQS::Queue")[0];
    assert_eq!((&queue["VisibilityTimeout"], queue.get("Sse"), &queue["List"][1]), (&json!(9), None, &json!(1)));
    assert_eq!(keyed.of_type("AWS::KMS::Key").len(), 1);
}
