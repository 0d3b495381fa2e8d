//! Every reason and class that the code can give has its line in the runbook: whose fault, what heals, the way back.

use super::{RUNBOOK, sources};
use delivery::report;
use ledger::{ErrorClass, decide};
use loyalty::source::item::{Hold, Skip as Skipped};
use regex::Regex;
use reviews::map::Skip;
use std::collections::{BTreeMap, BTreeSet};

/// The table's lines: what a reason is, such as `parked exhausted`, and its other cells.
fn lines() -> BTreeMap<String, Vec<String>> {
    let (_, section) = RUNBOOK.split_once("## Reasons: whose fault, what heals, the way back").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let name = Regex::new(r"^(skipped|parked|rejected|outside|class) (?:`` (.+?) ``|`(.+?)`)").unwrap();
    let lines = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    lines
        .map(|line| {
            let mut cells = cells(line);
            let found = name.captures(&cells[0]).unwrap_or_else(|| panic!("{line}"));
            let reason = found.get(2).or_else(|| found.get(3)).unwrap().as_str();
            (format!("{} {reason}", &found[1]), cells.split_off(1))
        })
        .collect()
}

/// What an order can wait for a person for: constants that say so, and what is parked under a name of its own.
fn parked() -> BTreeSet<String> {
    let constant =
        Regex::new(r#"/// Why an order waits for a person[^\n]*\n(?:///[^\n]*\n)*pub const \w+: &str = "(\w+)""#)
            .unwrap();
    let direct = Regex::new(r#"\.park\(&?\w+, [\w:]+, "(\w+)""#).unwrap();
    let all = sources();
    let found: BTreeSet<String> = all
        .iter()
        .flat_map(|(_, text)| constant.captures_iter(text).chain(direct.captures_iter(text)))
        .map(|it| it[1].to_owned())
        .collect();
    assert!(found.len() >= 3, "{found:?}");
    let by_the_protocol = [decide::MISSING, decide::WAITS_FOR, ErrorClass::Exhausted.as_str()].map(str::to_owned);
    found.into_iter().chain(by_the_protocol).collect()
}

/// What NetSuite refuses for good, which no person decides about.
const REJECTED: [&str; 2] = ["parked refused", "parked missing"];

/// What the erp flow skips, and what it parks: its own reasons, and the client's words for what NetSuite refuses.
fn of_erp() -> BTreeSet<String> {
    let skipped = Regex::new(r#"Self::\w+ => "(\w+)""#).unwrap();
    let parked = Regex::new(
        r#"(?:Parked::new|locked|Lines::Locked)\(\s*"(\w+)"|\breason: "(\w+)"|const (?:LINES_LOCKED|UNKNOWN_ITEM): &str = "(\w+)""#,
    )
    .unwrap();
    let mut found = BTreeSet::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
        let words = |of: &Regex, kind: &str| -> Vec<String> {
            let found =
                of.captures_iter(&text).map(|it| it.iter().skip(1).flatten().next().unwrap().as_str().to_owned());
            found.map(|word| format!("{kind} {word}")).collect()
        };
        if path.ends_with("erp/src/map/due.rs") {
            found.extend(words(&skipped, "skipped"));
        }
        if path.contains("/erp/src/") {
            found.extend(words(&parked, "parked"));
        }
        if path.ends_with("netsuite/src/error.rs") {
            let mut words = words(&skipped, "parked");
            assert!(words.len() > 5, "{words:?}");
            // What is not as NetSuite takes it is rejected, in its own words.
            words.retain(|word| !REJECTED.contains(&word.as_str()));
            found.extend(words);
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

/// What the loyalty flow skips, parks and rejects: the producer's words, and those of consumer and write-back.
fn of_loyalty() -> BTreeSet<String> {
    let own = |kind: &str, pattern: &str| -> Vec<String> {
        let (pattern, all) = (Regex::new(pattern).unwrap(), sources());
        let own = all.iter().filter(|(path, _)| path.contains("/loyalty/src/") && !path.ends_with("tests.rs"));
        own.flat_map(|(_, text)| pattern.captures_iter(text).map(|it| format!("{kind} {}", &it[1]))).collect()
    };
    let skipped = Skipped::ALL.map(|skip| format!("skipped {}", skip.as_str()));
    let parked = Hold::ALL.map(|hold| format!("parked {}", hold.as_str()));
    let found: BTreeSet<String> = skipped
        .into_iter()
        .chain(parked)
        .chain(own("skipped", r#"Skipped\("(\w+)""#))
        .chain(own("skipped", r#"const (?:NO_CONTACT|COVERED): &str = "(\w+)""#))
        .chain(own("parked", r#"parked\(\s*[\w:]+,\s*"(\w+)""#))
        .chain(own("parked", r#"conflict\(\s*"(\w+)""#))
        .chain(own("rejected", r#"Rejected\("(\w+)""#))
        .chain(own("outside", r#"const NO_STORE: &str = "(\w+)""#))
        .chain(own("outside", r#"item\.day, "(\w+)"\)"#))
        .collect();
    assert!(found.len() > 12, "{found:?}");
    found
}

/// What SQS says of an entry that it will never take.
fn never_taken() -> Vec<String> {
    let (_, send) = sources().into_iter().find(|(path, _)| path.ends_with("queue/src/send.rs")).unwrap();
    let list = Regex::new(r"const FOR_GOOD: \[&str; (\d)\] = \[([^\]]+)\];").unwrap();
    let list = list.captures(&send).unwrap();
    let named = |word: &str| {
        let constant = Regex::new(&format!(r#"const {word}: &str = "(\w+)""#)).unwrap();
        constant.captures(&send).map_or_else(|| word.trim_matches('"').to_owned(), |it| it[1].to_owned())
    };
    let codes: Vec<_> = list[2].split(", ").map(named).collect();
    assert_eq!(codes.len().to_string(), list[1]);
    codes
}

#[test]
fn every_reason_has_its_line_in_the_runbook() {
    let skipped = Skip::ALL.map(|skip| format!("skipped {}", skip.as_str()));
    let parked = parked().into_iter().map(|reason| format!("parked {reason}"));
    let classes = ErrorClass::ALL.map(|class| format!("class {class}"));
    let refused = never_taken().into_iter().map(|code| format!("rejected {}: {code}", ErrorClass::BadRecord));
    let rejected = [
        "Yotpo refused it: HTTP …, code …, field …",
        "NetSuite refused it: HTTP …",
        "Yotpo refused it: HTTP …, field …",
        "`field`: expected …",
        &format!("{}…", decide::DISMISSED),
    ]
    .map(|reason| format!("rejected {reason}"));
    let outside = [format!("outside {}", report::BEFORE_START)];
    let given: BTreeSet<String> = skipped
        .into_iter()
        .chain(of_erp())
        .chain(of_loyalty())
        .chain(parked)
        .chain(classes)
        .chain(refused)
        .chain(rejected)
        .chain(outside)
        .collect();
    let told: BTreeSet<String> = lines().into_keys().collect();
    let without: Vec<_> = given.difference(&told).collect();
    assert!(without.is_empty(), "without a line: {without:?}");
    let idle: Vec<_> = told.difference(&given).collect();
    assert!(idle.is_empty(), "nothing gives this reason: {idle:?}");
}

/// Nobody is blamed for what another did.
#[test]
fn only_yotpos_own_words_are_blamed_on_it() {
    for (reason, cells) in lines() {
        let [fault, _, back] = &cells[..] else { panic!("{reason}: {cells:?}") };
        assert!(!fault.is_empty(), "{reason}");
        let yotpo =
            fault.starts_with("Yotpo's") || fault.contains("Yotpo's judgement") || fault.contains("and Yotpo's");
        let may = ["parked exhausted", "parked missing", "class unavailable", "class uncertain", "class rate_limited"];
        assert_eq!(yotpo, may.contains(&reason.as_str()) || reason.contains("Yotpo refused it"), "{reason}: {fault}");
        assert!(!back.is_empty(), "{reason}: no way back, nor that there is none");
    }
}

/// The reasons that the code makes of what happened begin as the table says.
#[test]
fn the_sentences_of_rejections_are_those_of_the_table() {
    let all: String = sources().into_iter().map(|(_, text)| text).collect();
    for part in
        ["\"Yotpo refused it: HTTP {status}, code {code}, field {field}\"", "\"`{field}`: expected {expected}\""]
    {
        assert!(all.contains(part), "{part}");
    }
}
