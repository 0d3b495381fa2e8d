use super::*;

const DOCUMENTS: [(&str, &str); 7] = [
    ("README.md", include_str!("../../../README.md")),
    ("docs/COMMANDS.md", include_str!("../../../docs/COMMANDS.md")),
    ("docs/REVIEWS.md", include_str!("../../../docs/REVIEWS.md")),
    ("docs/ERP.md", include_str!("../../../docs/ERP.md")),
    ("docs/LOYALTY.md", include_str!("../../../docs/LOYALTY.md")),
    ("docs/RUNBOOK.md", include_str!("../../../docs/RUNBOOK.md")),
    ("infra/README.md", include_str!("../../../infra/README.md")),
];

/// What stands for something in the documents, and an example of it.
const STANDS_FOR: [(&str, &str); 6] = [
    ("D", "2026-11-20"),
    ("X", "00000100"),
    ("S", "default"),
    ("FILE", "dropped.jsonl"),
    ("REASON", "ours"),
    ("you@…", "you@example.com"),
];

/// The command lines of a page: between backticks, on a line of a block, or after a prompt.
fn typed(page: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut in_block = false;
    for line in page.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            let line = line.split(" #").next().unwrap_or_default().trim();
            lines.extend(line.starts_with("relay ").then(|| line.to_owned()));
        } else {
            let quoted = line.split('`').skip(1).step_by(2);
            lines.extend(quoted.filter(|text| text.starts_with("relay ")).map(str::to_owned));
        }
    }
    // One that leaves something to the reader is none to be typed.
    lines.retain(|line| !line.replace("you@…", "").contains('…') && !line.contains('|'));
    lines
}

fn parse(line: &str) -> Result<Cli, clap::Error> {
    // Where it goes is the shell's.
    let line = line.split(" >").next().unwrap_or_default();
    let parts = line.split('"').zip([false, true].into_iter().cycle());
    let words =
        parts.flat_map(|(part, quoted)| if quoted { vec![part] } else { part.split_whitespace().collect::<Vec<_>>() });
    let words = words.map(|word| {
        let stands_for = STANDS_FOR.iter().find(|(placeholder, _)| *placeholder == word);
        stands_for.map_or(word, |(_, example)| *example).to_owned()
    });
    Cli::try_parse_from(words)
}

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_line_of_the_documents_can_be_typed() {
    let mut found = 0;
    for (name, page) in DOCUMENTS {
        for line in typed(page) {
            // A command by its name alone, in a sentence.
            if Cli::command().find_subcommand(line.trim_start_matches("relay ")).is_some() {
                continue;
            }
            if let Err(error) = parse(&line) {
                let shown = matches!(error.kind(), clap::error::ErrorKind::DisplayHelp);
                assert!(shown, "{name}: {line}\n{error}");
            }
            found += 1;
        }
    }
    assert!(found > 25, "only {found} command lines");
}

#[test]
fn a_command_line_that_cannot_be_typed_is_found() {
    for bad in ["relay dlq redive", "relay order", "relay run --day D --stor S", "relay certificate 2026-02-30"] {
        assert!(parse(bad).is_err(), "{bad}");
    }
    assert_eq!(
        typed("see `relay order X` and `relay dlq list|show`\n```\n$ relay status\nrelay check # now\n```"),
        ["relay order X", "relay status", "relay check",]
    );
}

#[test]
fn every_command_has_examples() {
    fn look(command: &clap::Command, missing: &mut Vec<String>) {
        let leaf = command.get_subcommands().next().is_none();
        let examples = command.get_after_help().is_some_and(|help| help.to_string().contains("Examples:"));
        if leaf && !examples {
            missing.push(command.get_name().to_owned());
        }
        command.get_subcommands().for_each(|sub| look(sub, missing));
    }
    let mut missing = Vec::new();
    look(&Cli::command(), &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_shell_completes_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let Command::Completions(arguments) = parse(&format!("relay completions {shell}")).unwrap().command else {
            panic!("{shell}");
        };
        let script = serde_json::to_string(&completions::run(&arguments, &mut Cli::command())).unwrap();
        assert!(script.contains("redrive") && script.contains("limit-repairs"), "{shell}: {script}");
    }
    let error = parse("relay completions tcsh").unwrap_err();
    assert_eq!((error.exit_code(), error.to_string().contains("bash")), (2, true));
}
