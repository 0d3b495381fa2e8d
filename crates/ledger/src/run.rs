//! The last run of each function that a schedule starts: one small item a function, overwritten by the next run.

use crate::{
    expression::{get_number, get_text, number, text},
    millis::Millis,
    table::{Error, Ledger},
};

/// Longest error that is kept, in characters: the item stays within one write unit.
const ERROR_CHARACTERS: usize = 200;

/// Who started a run. Each has an item of its own, so that a run by hand does not hide that the schedule is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The schedule.
    Schedule,
    /// A person.
    Hand,
}

impl By {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Schedule, Self::Hand];

    /// The word in the item's key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Hand => "hand",
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// When it ended.
    pub at: Millis,
    /// The flow's word for how.
    pub ended: String,
    /// Why it failed, without personal data: its first characters are kept.
    pub error: Option<String>,
}

impl Ledger {
    /// The last run of a function of the flow that was started so.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn last_run(&self, function: &str, by: By) -> Result<Option<Ran>, Error> {
        let item = self.item(&run_key(self.flow.name, function, by)).await?;
        Ok(item.and_then(|item| {
            Some(Ran {
                at: Millis(get_number(&item, "ended_at")?),
                ended: get_text(&item, "ended")?.to_owned(),
                error: get_text(&item, "error").filter(|error| !error.is_empty()).map(str::to_owned),
            })
        }))
    }

    /// Keeps how a run ended; false if one that ended later is there already.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn keep_run(&self, function: &str, by: By, ran: &Ran) -> Result<bool, Error> {
        let error: String = ran.error.iter().flat_map(|error| error.chars()).take(ERROR_CHARACTERS).collect();
        self.write(
            &run_key(self.flow.name, function, by),
            "attribute_not_exists(k) OR ended_at <= :at",
            "SET ended_at = :at, ended = :ended, #e = :e",
            &[("#e", "error")],
            [(":at", number(ran.at.0)), (":ended", text(&ran.ended)), (":e", text(&error))],
        )
        .await
    }
}

fn run_key(flow: &str, function: &str, by: By) -> String {
    format!("run/{flow}/{function}/{}", by.as_str())
}
