//! The seeds that are under way, and since when.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

#[derive(Default)]
pub(crate) struct UnderWay(BTreeMap<u64, Instant>);

impl UnderWay {
    pub(crate) fn begin(&mut self, seed: u64, now: Instant) {
        self.0.insert(seed, now);
    }

    pub(crate) fn end(&mut self, seed: u64) {
        self.0.remove(&seed);
    }

    /// An error names a seed that began longer ago than that.
    pub(crate) fn nobody_later_than(&self, patience: Duration, now: Instant) -> Result<(), String> {
        match self.0.iter().find(|(_, begun)| now - **begun > patience) {
            Some((seed, _)) => {
                let seconds = patience.as_secs();
                Err(format!("seed {seed} has no end after {seconds} s; again: make simulate SEED={seed}"))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for UnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seeds: Vec<String> = self.0.keys().map(u64::to_string).collect();
        f.write_str(&seeds.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_that_does_not_end_is_named_with_the_command_that_shows_it() {
        let (mut under_way, noon) = (UnderWay::default(), Instant::now());
        let minute = Duration::from_mins(1);
        under_way.begin(7, noon);
        under_way.begin(8, noon + minute);
        assert_eq!(under_way.to_string(), "7, 8");
        assert_eq!(under_way.nobody_later_than(minute, noon + minute), Ok(()));
        let late = under_way.nobody_later_than(minute, noon + minute + Duration::from_secs(1)).unwrap_err();
        assert!(late.contains("seed 7 has no end after 60 s") && late.contains("make simulate SEED=7"), "{late}");
        under_way.end(7);
        assert_eq!(under_way.nobody_later_than(minute, noon + minute + Duration::from_secs(1)), Ok(()));
    }
}
