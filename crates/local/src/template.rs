//! `template.yaml` as it is, but for where the packages are: what `sam package` does to it.

use crate::Error;

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

/// Replaces each `CodeUri: .`, `ContentUri` and `TemplateURL` by what `upload` answers for it; a function's binary is the one of
/// `BuildProperties` above it. Nothing else is changed.
pub(crate) fn with_packages(
    template: &str,
    mut upload: impl FnMut(Package<'_>) -> Result<String, Error>,
) -> Result<String, Error> {
    let mut changed = Vec::new();
    let mut binary = None;
    for (index, line) in template.lines().enumerate() {
        let wrong = |problem: &str| Error::Template { line: index + 1, problem: problem.to_owned() };
        let indent = &line[..line.len() - line.trim_start().len()];
        if let Some((_, after)) = line.split_once("Binary: ") {
            let name: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            if binary.replace(name).is_some() {
                return Err(wrong("the function above has no `CodeUri`"));
            }
        }
        changed.push(match line.trim_start().split_once(": ") {
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
        with_packages(template, |package| {
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
    fn a_function_without_binary_is_refused_by_line() {
        let error = packaged("Resources:\n  A:\n    CodeUri: .\n").unwrap_err();
        assert_eq!(error.to_string(), "template.yaml, line 3: `CodeUri` without a `Binary` above it");
    }
}
