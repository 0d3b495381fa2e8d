//! `template.yaml` as it is, but for where the packages are: what `sam package` does to it.

use crate::Error;
use std::collections::{BTreeMap, BTreeSet};

/// A place in the template that names a file of this machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Package<'a> {
    /// A function made of this binary.
    Function(&'a str),
    /// The layer with the settings.
    Layer,
    /// A nested stack's template, relative to the workspace.
    Nested(&'a str),
}

/// The conditions of the form `!Equals [!Ref Parameter, "true"]` that do not hold with these parameters, or their defaults.
pub(crate) fn off<'a>(template: &'a str, parameters: &BTreeMap<String, String>) -> BTreeSet<&'a str> {
    let default = |parameter: &str| {
        let (_, after) = template.split_once(&format!("\n  {parameter}:\n"))?;
        let (_, value) = after.split_once("    Default: ")?;
        value.lines().next().map(|value| value.trim_matches('"').to_owned())
    };
    let condition = |line: &'a str| {
        let (name, after) = line.strip_prefix("  ")?.split_once(": !Equals [!Ref ")?;
        let parameter = after.strip_suffix(", \"true\"]")?;
        let value = parameters.get(parameter).cloned().or_else(|| default(parameter));
        (value.as_deref() != Some("true")).then_some(name)
    };
    template.lines().filter_map(condition).collect()
}

/// Replaces each `CodeUri: .`, `ContentUri` and `TemplateURL` by what `upload` answers for it; a function's binary is the one of
/// `BuildProperties` above it. Nothing else is changed. Of a function
/// whose condition is `off` none is made, and no package.
pub(crate) fn with_packages(
    template: &str,
    off: &BTreeSet<&str>,
    mut upload: impl FnMut(Package<'_>) -> Result<String, Error>,
) -> Result<String, Error> {
    let mut changed = Vec::new();
    let (mut binary, mut is_off) = (None, false);
    for (index, line) in template.lines().enumerate() {
        let wrong = |problem: &str| Error::Template { line: index + 1, problem: problem.to_owned() };
        let indent = &line[..line.len() - line.trim_start().len()];
        if let Some((_, after)) = line.split_once("Binary: ") {
            let name: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            if binary.replace(name).is_some() {
                return Err(wrong("the function above has no `CodeUri`"));
            }
        }
        if indent.len() == 2 && line.ends_with(':') {
            is_off = false;
        }
        changed.push(match line.trim_start().split_once(": ") {
            Some(("Condition", condition)) if indent.len() == 4 => {
                is_off = off.contains(condition.trim());
                line.to_owned()
            }
            Some(("CodeUri", _)) if is_off => {
                binary = None;
                // What is looked at is its form.
                format!("{indent}CodeUri: s3://off/none.zip")
            }
            Some(("CodeUri", _)) => {
                let binary = binary.take().ok_or_else(|| wrong("`CodeUri` without a `Binary` above it"))?;
                format!("{indent}CodeUri: {}", upload(Package::Function(&binary))?)
            }
            Some(("ContentUri", _)) => format!("{indent}ContentUri: {}", upload(Package::Layer)?),
            Some(("TemplateURL", file)) => format!("{indent}TemplateURL: {}", upload(Package::Nested(file.trim()))?),
            _ => line.to_owned(),
        });
    }
    Ok(changed.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packaged(template: &str) -> Result<String, Error> {
        with_packages(template, &BTreeSet::new(), |package| {
            Ok(match package {
                Package::Function(binary) => format!("s3://code/{binary}.zip"),
                Package::Layer => "s3://code/layer.zip".to_owned(),
                Package::Nested(file) => format!("http://code/{file}"),
            })
        })
    }

    #[test]
    fn only_the_places_of_packages_change_in_our_template() {
        let template = include_str!("../../../template.yaml");
        let changed = packaged(template).unwrap();
        let differences: Vec<_> =
            template.lines().zip(changed.lines()).filter(|(a, b)| a != b).map(|(_, b)| b.trim()).collect();
        assert_eq!(
            differences,
            [
                "ContentUri: s3://code/layer.zip",
                "CodeUri: s3://code/reviews-producer.zip",
                "CodeUri: s3://code/reviews-consumer.zip",
                "CodeUri: s3://code/reviews-reconciler.zip",
                "CodeUri: s3://code/shopify-webhook.zip",
                "CodeUri: s3://code/netsuite-worker.zip",
                "CodeUri: s3://code/erp-reconciler.zip",
                "CodeUri: s3://code/loyalty-producer.zip",
                "CodeUri: s3://code/loyalty-consumer.zip",
                "CodeUri: s3://code/loyalty-webhook.zip",
                "CodeUri: s3://code/loyalty-writeback.zip",
                "CodeUri: s3://code/loyalty-reconciler.zip",
                "CodeUri: s3://code/rollout-check.zip",
                "TemplateURL: http://code/infra/observability.yaml",
                "TemplateURL: http://code/infra/observability-erp.yaml",
                "TemplateURL: http://code/infra/observability-loyalty.yaml",
            ]
        );
        assert_eq!(template.lines().count(), changed.lines().count());
    }

    #[test]
    fn what_a_stack_does_not_have_is_not_packaged() {
        let template = include_str!("../../../template.yaml");
        let made = |parameters: &[(&str, &str)]| {
            let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let mut made = Vec::new();
            let packaged = with_packages(template, &off(template, &parameters), |package| {
                if let Package::Function(binary) = package {
                    made.push(binary.to_owned());
                }
                Ok("s3://code/it".to_owned())
            });
            packaged.unwrap();
            made
        };
        let reviews = ["reviews-producer", "reviews-consumer", "reviews-reconciler", "rollout-check"];
        assert_eq!(made(&[]), reviews);
        let erp = ["shopify-webhook", "netsuite-worker", "erp-reconciler", "rollout-check"];
        assert_eq!(made(&[("ReviewsFlow", "false"), ("ErpFlow", "true")]), erp);
    }

    #[test]
    fn a_function_without_binary_is_refused_by_line() {
        let error = packaged("Resources:\n  A:\n    CodeUri: .\n").unwrap_err();
        assert_eq!(error.to_string(), "template.yaml, line 3: `CodeUri` without a `Binary` above it");
    }
}
