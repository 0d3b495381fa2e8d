//! The transcripts of docs/COMMANDS.md are what the commands print. `UPDATE_COMMANDS=1 cargo test -p tests relay:: -- --test-threads=1` writes
//! them anew.

use super::{Ran, relay};
use crate::stage::Stage;
use chrono::{NaiveDate, TimeDelta, Utc};
use regex::Regex;
use std::fs;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/COMMANDS.md");

/// Runs `relay` with what is typed in `line`, asserts that the page's transcript `name` shows just that, and says how it ended.
///
/// The page has a place for it: `<!-- transcript: name -->` and `<!-- end -->`, each on a line of its own.
pub(crate) fn shown(stage: &Stage, name: &str, line: &str) -> Ran {
    let arguments: Vec<&str> = line.split_whitespace().skip(1).collect();
    let ran = relay(stage, &arguments);
    let said = format!("{}{}", ran.out, ran.err);
    for row in said.lines().filter(|row| row.starts_with(['┌', '│', '╞', '├', '└'])) {
        assert!(row.chars().count() <= 80, "wider than 80 columns: {row}");
    }
    let block = format!("```console\n$ {}\n{}\n```\n", steady(stage, line), steady(stage, said.trim_end()));
    let page = fs::read_to_string(PAGE).unwrap();
    let begin = format!("<!-- transcript: {name} -->\n");
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("docs/COMMANDS.md has no {}", begin.trim()));
    let (there, after) = rest.split_once("<!-- end -->").unwrap();
    if std::env::var_os("UPDATE_COMMANDS").is_some() {
        fs::write(PAGE, format!("{before}{begin}{block}<!-- end -->{after}")).unwrap();
    } else {
        assert_eq!(there, block, "UPDATE_COMMANDS=1 writes the transcripts anew");
    }
    ran
}

/// The text with what differs from run to run replaced: days are counted from 20 November 2026, which stands for yesterday;
/// times, digests and folders are always the same.
fn steady(stage: &Stage, text: &str) -> String {
    let yesterday = Utc::now().date_naive() - TimeDelta::days(1);
    let shown: NaiveDate = "2026-11-20".parse().unwrap();
    let text =
        text.replace(&stage.directory().display().to_string(), ".").replace(stage.emulator.endpoint(), "https://aws");
    let dates = Regex::new(r"\d{4}-\d{2}-\d{2}").unwrap();
    let text = dates.replace_all(&text, |found: &regex::Captures<'_>| match found[0].parse::<NaiveDate>() {
        Ok(day) => (shown + (day - yesterday)).to_string(),
        Err(_) => found[0].to_owned(),
    });
    // The emulator's account is no digest.
    let text = text.replace("000000000000", "ACCOUNT");
    let text = Regex::new(r"T\d{2}:\d{2}:\d{2}Z").unwrap().replace_all(&text, "T06:30:00Z").into_owned();
    Regex::new(r"\b[0-9a-f]{12}\b").unwrap().replace_all(&text, "5f0c21ab9e47").replace("ACCOUNT", "111122223333")
}
