//! Medians, as tables of Markdown; each figure beside it as a multiple of the floor's, which was measured in between.

use crate::{error::Error, run::Taken, share::Share, size::Size};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, time::Duration};

/// A function's run and the floor's: with what event, in which share.
pub(crate) struct Measured {
    pub(crate) function: &'static str,
    pub(crate) case: &'static str,
    pub(crate) share: Share,
    pub(crate) taken: Taken,
    pub(crate) floor: Taken,
}

/// Everything that the tables are made of.
pub(crate) struct Figures {
    pub(crate) machine: String,
    pub(crate) rounds: usize,
    pub(crate) warm: usize,
    pub(crate) sizes: BTreeMap<&'static str, Size>,
    pub(crate) floor: Size,
    pub(crate) measured: Vec<Measured>,
}

const BEGIN: &str = "<!-- make bench -->\n";
const END: &str = "<!-- end -->";

const HEAD: &str = "\
| event | CPU as at | start to `/next` | start to answer | share of what is waited | CPU until then | warm, median | warm, slowest | CPU a message, warm | peak memory |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|
";

/// Event, share, and the runs with them.
type Row<'a> = (&'a str, Share, Vec<&'a Measured>);

/// The tables: the binaries, a function each, the floor.
pub(crate) fn markdown(figures: &Figures) -> String {
    let Figures { machine, rounds, warm, sizes, floor, .. } = figures;
    let mut text = format!("{machine}; medians of {rounds} processes, {warm} further invocations of each.\n\n");
    text.push_str("| binary | size | zipped |\n|---|--:|--:|\n");
    let of = |bytes: u64, floor: u64| format!("{}, {}", megabytes(bytes), times(floating(bytes), floating(floor)));
    for (function, size) in sizes {
        let (binary, zip) = (of(size.binary, floor.binary), of(size.zip, floor.zip));
        let _ = writeln!(text, "| {function} | {binary} | {zip} |");
    }
    let _ = writeln!(text, "| floor | {} | {} |", megabytes(floor.binary), megabytes(floor.zip));
    let mut by_case: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for one in &figures.measured {
        let cases = by_case.entry(one.function).or_default();
        match cases.iter_mut().find(|(case, share, _)| (*case, *share) == (one.case, one.share)) {
            Some((_, _, these)) => these.push(one),
            None => cases.push((one.case, one.share, vec![one])),
        }
    }
    for (function, cases) in &by_case {
        let _ = write!(text, "\n### {function}\n\n{HEAD}");
        for (case, share, these) in cases {
            let floor = Medians::of(these.iter().map(|one| &one.floor));
            let ours = Medians::of(these.iter().map(|one| &one.taken));
            text.push_str(&ours.row(case, *share, Some(&floor)));
        }
    }
    let _ = write!(text, "\n### floor\n\n{HEAD}");
    for (function, cases) in &by_case {
        for (case, share, these) in cases {
            let floor = Medians::of(these.iter().map(|one| &one.floor));
            text.push_str(&floor.row(&format!("{function}'s: {case}"), *share, None));
        }
    }
    text
}

/// Of several processes with one event in one share.
struct Medians {
    to_next: Duration,
    to_answer: Duration,
    cpu_to_answer: Duration,
    warm: Duration,
    slowest: Duration,
    cpu_warm: Duration,
    peak: u64,
    within: Option<Duration>,
}

impl Medians {
    fn of<'a>(taken: impl Iterator<Item = &'a Taken>) -> Self {
        let taken: Vec<&Taken> = taken.collect();
        let of = |what: fn(&Taken) -> Duration| median(taken.iter().map(|one| what(one)).collect());
        let warm: Vec<Duration> = taken.iter().flat_map(|one| one.warm.iter().copied()).collect();
        Self {
            to_next: of(|one| one.to_next),
            to_answer: of(|one| one.to_answer),
            cpu_to_answer: of(|one| one.cpu_to_answer),
            slowest: warm.iter().max().copied().unwrap_or_default(),
            warm: median(warm),
            cpu_warm: of(|one| one.cpu_warm),
            peak: median(taken.iter().map(|one| one.peak).collect()),
            within: taken.first().and_then(|one| one.within),
        }
    }

    fn row(&self, case: &str, share: Share, floor: Option<&Self>) -> String {
        let against = |what: fn(&Self) -> Duration| {
            let ratio = floor.map(|floor| format!(", {}", times(what(self).as_secs_f64(), what(floor).as_secs_f64())));
            format!("{}{}", ms(what(self)), ratio.unwrap_or_default())
        };
        let part = self.within.filter(|_| floor.is_some()).map(|within| per_cent(self.to_answer, within));
        let peak = floor.map(|floor| format!(", {}", times(floating(self.peak), floating(floor.peak))));
        format!(
            "| {case} | {share} | {} | {} | {} | {} | {} | {} | {} | {:.1} MiB{} |\n",
            against(|it| it.to_next),
            against(|it| it.to_answer),
            part.as_deref().unwrap_or("–"),
            against(|it| it.cpu_to_answer),
            against(|it| it.warm),
            ms(self.slowest),
            against(|it| it.cpu_warm),
            floating(self.peak) / (1024.0 * 1024.0),
            peak.unwrap_or_default(),
        )
    }
}

fn median<T: Ord + Copy + Default>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn ms(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1e3;
    match ms {
        _ if ms < 1.0 => format!("{ms:.3} ms"),
        _ if ms < 100.0 => format!("{ms:.1} ms"),
        _ => format!("{ms:.0} ms"),
    }
}

fn times(ours: f64, floors: f64) -> String {
    if floors > 0.0 { format!("{:.1}×", ours / floors) } else { "–".to_owned() }
}

fn per_cent(part: Duration, of: Duration) -> String {
    format!("{:.1} %", part.as_secs_f64() / of.as_secs_f64() * 100.0)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", floating(bytes) / 1e6)
}

#[expect(clippy::cast_precision_loss, reason = "nothing here has 2^53 bytes")]
fn floating(bytes: u64) -> f64 {
    bytes as f64
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

    const MIB: u64 = 1024 * 1024;

    fn taken(ms: u64) -> Taken {
        let of = Duration::from_millis;
        Taken {
            to_next: of(ms),
            to_answer: of(2 * ms),
            cpu_to_answer: of(ms),
            warm: vec![of(1), of(3)],
            cpu_warm: Duration::from_micros(10 * ms),
            peak: ms * MIB,
            within: Some(of(5_000)),
        }
    }

    fn figures() -> Figures {
        let one = |ms, floor| Measured {
            function: "shopify-webhook",
            case: "an order",
            share: Share::OfMemory(128),
            taken: taken(ms),
            floor: taken(floor),
        };
        Figures {
            machine: "a machine".to_owned(),
            rounds: 3,
            warm: 2,
            sizes: [("shopify-webhook", Size { binary: 6_000_000, zip: 2_500_000 })].into(),
            floor: Size { binary: 2_000_000, zip: 1_000_000 },
            measured: vec![one(10, 4), one(50, 9), one(20, 5)],
        }
    }

    #[test]
    fn a_row_is_the_median_of_its_processes_and_says_how_far_above_the_floor_it_is() {
        let text = markdown(&figures());
        let rows: Vec<&str> = text.lines().filter(|line| line.contains("128 MB")).collect();
        let ours = "| an order | 128 MB | 20.0 ms, 4.0× | 40.0 ms, 4.0× | 0.8 % | 20.0 ms, 4.0× | 3.0 ms, 1.0× | 3.0 ms | \
                    0.200 ms, 4.0× | 20.0 MiB, 4.0× |";
        let floor = "| shopify-webhook's: an order | 128 MB | 5.0 ms | 10.0 ms | – | 5.0 ms | 3.0 ms | 3.0 ms | 0.050 ms | \
                     5.0 MiB |";
        assert_eq!(rows, [ours, floor]);
        assert!(
            text.contains("| shopify-webhook | 6.00 MB, 3.0× | 2.50 MB, 2.5× |\n| floor | 2.00 MB | 1.00 MB |\n"),
            "{text}"
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
