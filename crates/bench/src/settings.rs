//! The settings that the functions are measured with: the given ones, but for the pace.

/// With so many calls a second that nobody waits for a turn: otherwise what is measured is the waiting. A turn still takes until the
/// next tick of tokio's clock, up to a millisecond.
pub(crate) fn unpaced(settings: &str) -> String {
    let mut section = "";
    let mut text = String::with_capacity(settings.len());
    for line in settings.lines() {
        if line.starts_with('[') {
            section = line.trim();
        }
        match line.split_once('=') {
            Some((key, _)) if section == "[pace]" && !key.starts_with('#') => {
                text.push_str(key);
                text.push_str("= 1000000");
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paces_go_and_all_else_stays() {
        let settings = "[a]\nyotpo_reviews = 4\n[pace]\n# Example: x = 1.\nyotpo_reviews = 4\n\n[b]\nc = 1\n";
        let expected = "[a]\nyotpo_reviews = 4\n[pace]\n# Example: x = 1.\nyotpo_reviews = 1000000\n\n[b]\nc = 1\n";
        assert_eq!(unpaced(settings), expected);
    }
}
