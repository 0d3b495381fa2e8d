//! Other values in a settings file, its text otherwise untouched.

/// The file has no such key, neither in use nor as a comment.
#[derive(Debug, thiserror::Error)]
#[error("the settings have no key `{key}` in [{table}]")]
pub struct NoSuchKey {
    table: String,
    key: String,
}

/// The text of `toml` with other values: `(table, key, value)`, the value as TOML. A key that is there as a comment
/// (`#key = …`) comes into use.
///
/// # Errors
/// When the file has no such key.
pub fn with_values(toml: &str, values: &[(&str, &str, &str)]) -> Result<String, NoSuchKey> {
    let mut lines: Vec<String> = toml.lines().map(str::to_owned).collect();
    for (table, key, value) in values {
        let mut current = String::new();
        let line = lines.iter_mut().find(|line| {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                name.clone_into(&mut current);
            }
            let of_key = line.strip_prefix('#').unwrap_or(line).split_once('=');
            current == *table && of_key.is_some_and(|(name, _)| name.trim_end() == *key)
        });
        *line.ok_or_else(|| NoSuchKey { table: (*table).to_owned(), key: (*key).to_owned() })? =
            format!("{key} = {value}");
    }
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "# yotpo = no\na = 1\n\n[pace]\nyotpo = 4\n\n[protocol.settle]\nyotpo = \"0s\"\n#routes = [\"x\"]\n";

    #[test]
    fn only_the_named_keys_change() {
        let changed =
            with_values(FILE, &[("pace", "yotpo", "500"), ("protocol.settle", "routes", "[]"), ("", "a", "2")])
                .unwrap();
        assert_eq!(
            changed,
            FILE.replace("yotpo = 4", "yotpo = 500")
                .replace("#routes = [\"x\"]", "routes = []")
                .replace("a = 1", "a = 2")
        );
    }

    #[test]
    fn a_key_that_is_not_there_is_refused() {
        let error = with_values(FILE, &[("pace", "routes", "1")]).unwrap_err();
        assert_eq!(error.to_string(), "the settings have no key `routes` in [pace]");
    }
}
