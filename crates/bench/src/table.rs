//! Medians, as a table of Markdown.

use crate::{error::Error, run::Taken, share::Share};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, time::Duration};

/// A run: of which function, with what, in which share.
pub(crate) type Measured = (&'static str, &'static str, Share, Taken);

const BEGIN: &str = "<!-- make bench -->\n";
const END: &str = "<!-- end -->";

/// The tables, a function each.
pub(crate) fn markdown(taken: &[Measured], machine: &str, rounds: usize, warm: usize) -> String {
    let mut by_function: BTreeMap<&str, Vec<&Measured>> = BTreeMap::new();
    for one in taken {
        by_function.entry(one.0).or_default().push(one);
    }
    let mut text = format!("{machine}; medians of {rounds} processes, {warm} further invocations of each.\n");
    for (function, taken) in by_function {
        let _ = write!(text, "\n### {function}\n\n{HEAD}");
        let mut rows: Vec<(&str, Share)> = Vec::new();
        for (_, case, share, _) in &taken {
            if !rows.contains(&(case, *share)) {
                rows.push((case, *share));
            }
        }
        for (case, share) in rows {
            let these: Vec<&Taken> =
                taken.iter().filter(|one| (one.1, one.2) == (case, share)).map(|one| &one.3).collect();
            text.push_str(&row(case, share, &these));
        }
    }
    text
}

const HEAD: &str = "\
| event | CPU as at | start to `/next` | start to answer | share of what is waited | CPU until then | warm, median | warm, slowest | CPU, warm | peak memory |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|
";

fn row(case: &str, share: Share, taken: &[&Taken]) -> String {
    let of = |what: fn(&Taken) -> Duration| median(taken.iter().map(|one| what(one)).collect());
    let answer = of(|taken| taken.to_answer);
    let waits = taken.first().and_then(|taken| taken.within);
    let part = waits.map_or_else(|| "–".to_owned(), |within| per_cent(answer, within));
    let warm: Vec<Duration> = taken.iter().flat_map(|taken| taken.warm.iter().copied()).collect();
    let slowest = warm.iter().max().copied().unwrap_or_default();
    let peak = taken.iter().map(|taken| taken.peak).max().unwrap_or_default();
    format!(
        "| {case} | {share} | {} | {} | {part} | {} | {} | {} | {} | {:.1} MiB |\n",
        ms(of(|taken| taken.to_next)),
        ms(answer),
        ms(of(|taken| taken.cpu_to_answer)),
        ms(median(warm)),
        ms(slowest),
        ms(of(|taken| taken.cpu_warm)),
        mebibytes(peak),
    )
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

fn ms(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1e3;
    if ms < 100.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

fn per_cent(part: Duration, of: Duration) -> String {
    format!("{:.1} %", part.as_secs_f64() / of.as_secs_f64() * 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2^53 bytes")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

/// Puts the tables where the document has a place for them.
pub(crate) fn write(document: &Path, tables: &str) -> Result<(), Error> {
    let name = document.display();
    let text = fs::read_to_string(document).map_err(Error::io(format!("read {name}")))?;
    let missing = || Error::Function(format!("{name} has no place for the tables: `{}` and `{END}`", BEGIN.trim()));
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    let written = format!("{before}{BEGIN}{tables}{END}{after}");
    fs::write(document, written).map_err(Error::io(format!("write {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(ms: u64) -> Taken {
        let of = Duration::from_millis;
        Taken {
            to_next: of(ms),
            to_answer: of(2 * ms),
            cpu_to_answer: of(ms),
            warm: vec![of(1), of(3)],
            cpu_warm: of(1),
            peak: 8 * 1024 * 1024,
            within: Some(of(5_000)),
        }
    }

    #[test]
    fn a_row_is_the_median_of_its_processes() {
        let all: Vec<Measured> =
            [10, 50, 20].map(|ms| ("shopify-webhook", "an order", Share::OfMemory(128), taken(ms))).into();
        let text = markdown(&all, "a machine", 3, 2);
        let row = text.lines().last().unwrap();
        assert_eq!(
            row,
            "| an order | 128 MB | 20.0 ms | 40.0 ms | 0.8 % | 20.0 ms | 3.0 ms | 3.0 ms | 1.0 ms | 8.0 MiB |"
        );
    }

    #[test]
    fn a_documents_tables_are_replaced_and_its_text_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("PERFORMANCE.md");
        fs::write(&path, format!("# Text\n{BEGIN}old\n{END}\nmore\n")).unwrap();
        write(&path, "new\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("# Text\n{BEGIN}new\n{END}\nmore\n"));
        fs::write(&path, "# Text\n").unwrap();
        assert!(write(&path, "new\n").unwrap_err().to_string().contains("no place"));
    }
}
