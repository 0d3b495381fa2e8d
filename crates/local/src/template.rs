//! `template.yaml` as it is, but for where the packages are: what `sam package` does to it.

use crate::Error;

/// Replaces each `CodeUri: .` by `function(binary)`, the binary being the one of `BuildProperties` above it, and each
/// `ContentUri` by `layer`. Nothing else is changed.
pub(crate) fn with_packages(
    template: &str,
    layer: &str,
    mut function: impl FnMut(&str) -> Result<String, Error>,
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
                format!("{indent}CodeUri: {}", function(&binary)?)
            }
            Some(("ContentUri", _)) => format!("{indent}ContentUri: {layer}"),
            _ => line.to_owned(),
        });
    }
    Ok(changed.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packaged(template: &str) -> Result<String, Error> {
        with_packages(template, "s3://code/layer.zip", |binary| Ok(format!("s3://code/{binary}.zip")))
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
