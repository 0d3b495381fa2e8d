//! A list of ticks and crosses: a group where all is well is one line.

use super::list::{Check, Checked};
use crate::{
    answer::Answer,
    text::{BAD, DIM, WARN, tick, width},
};
use std::io::{self, Write};

impl Answer for Checked {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        for group in self.checks.chunk_by(|a, b| a.group == b.group) {
            let well = group.iter().all(|check| check.ok != Some(false));
            if well { print_well(group, to)? } else { print_whole(group, to)? }
        }
        let wrong = self.checks.iter().filter(|check| check.ok == Some(false)).count();
        if wrong > 0 {
            writeln!(to, "{BAD}{wrong} of {} are not as they must be{BAD:#}", self.checks.len())
        } else {
            Ok(())
        }
    }

    fn is_well(&self) -> bool {
        self.ok
    }
}

/// The group's names, then what is to be known.
fn print_well(group: &[Check], to: &mut dyn Write) -> io::Result<()> {
    let names: Vec<&str> = group.iter().filter(|check| check.ok.is_some()).map(|check| check.name.as_str()).collect();
    let mut lines = wrapped(&group[0].group, &names, width().into()).into_iter();
    writeln!(to, "{} {}", tick(true), lines.next().unwrap_or_default())?;
    lines.try_for_each(|line| writeln!(to, "    {line}"))?;
    for Check { name, ok, note, hint, .. } in group {
        match (ok, note) {
            (Some(_), Some(note)) => writeln!(to, "    {DIM}{name}:{DIM:#} {note}")?,
            (None, Some(note)) => {
                writeln!(to, "  {WARN}?{WARN:#} {name}: {note}")?;
                hint.iter().try_for_each(|hint| writeln!(to, "    → {hint}"))?;
            }
            (_, None) => {}
        }
    }
    Ok(())
}

/// A line each.
fn print_whole(group: &[Check], to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{} {}", tick(false), group[0].group)?;
    for Check { name, ok, note, error, hint, .. } in group {
        let mark = ok.map_or_else(|| format!("{WARN}?{WARN:#}"), tick);
        let said = error.iter().chain(note).next().map(|said| format!(": {said}")).unwrap_or_default();
        writeln!(to, "  {mark} {name}{said}")?;
        hint.iter().try_for_each(|hint| writeln!(to, "    → {hint}"))?;
    }
    Ok(())
}

/// `title: name · name · …` in lines.
fn wrapped(title: &str, names: &[&str], width: usize) -> Vec<String> {
    let mut lines = vec![format!("{title}:")];
    for (index, name) in names.iter().enumerate() {
        let between = if index + 1 < names.len() { " ·" } else { "" };
        match lines.last_mut() {
            Some(line) if line.chars().count() + name.len() + 6 <= width => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(name);
                line.push_str(between);
            }
            _ => lines.push(format!("{name}{between}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_broken_between_and_none_is_lost() {
        let names = vec!["cloudwatch:GetMetric"; 9];
        let lines = wrapped("caller", &names, 80);
        assert_eq!((lines.len(), lines.iter().all(|line| line.chars().count() <= 80)), (3, true), "{lines:?}");
        assert_eq!(lines.join(" "), format!("caller: {}", names.join(" · ")));
        assert_eq!(wrapped("settings", &["file"], 80), ["settings: file"]);
    }
}
