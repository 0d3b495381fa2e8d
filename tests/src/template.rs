//! A CloudFormation template as JSON, its short tags spelled out: `!Ref X` is `{"Ref": "X"}`.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};
use std::{fs, path::Path};

/// A template of the workspace, by its path there.
pub(crate) fn read(path: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join(path)).unwrap();
    json(&Yaml::load_from_str(&text).unwrap()[0])
}

/// The resources of a type, by logical name.
pub(crate) fn resources<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let all = template["Resources"].as_object().unwrap();
    all.iter().filter(|(_, it)| it["Type"] == kind).map(|(name, it)| (name.as_str(), &it["Properties"])).collect()
}

/// The text of a string or of a `Fn::Sub`, `${X}` left as it is.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().or_else(|| value["Fn::Sub"].as_str()).unwrap_or_else(|| panic!("no text: {value}"))
}

fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(it)) => json!(it),
        Yaml::Value(Scalar::Integer(it)) => json!(it),
        Yaml::Value(Scalar::FloatingPoint(it)) => json!(it.into_inner()),
        Yaml::Value(Scalar::String(it)) => json!(it),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(items) => Value::Object(
            items.iter().map(|(key, value)| (json(key).as_str().unwrap().to_owned(), json(value))).collect(),
        ),
        Yaml::Tagged(tag, inner) => {
            let value = json(inner);
            match tag.suffix.as_str() {
                name @ ("Ref" | "Condition") => Value::Object(Map::from_iter([(name.to_owned(), value)])),
                name => Value::Object(Map::from_iter([(format!("Fn::{name}"), value)])),
            }
        }
        other => panic!("not for templates: {other:?}"),
    }
}
