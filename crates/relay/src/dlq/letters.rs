//! Dead letters in the hand of a command, and what is to be done with each.

use super::selection::Selection;
use crate::{
    deployed::Purpose,
    failure::Failure,
    flow::Flow,
    hand::{DEAD_LETTERS, Hand},
    judging::Judging,
    operator::Operator,
    options::Options,
    place::Place,
};
use delivery::{letter::Letter, redrive::Planned};

/// What a command acts on: the dead letters of one queue.
pub(super) struct Letters<'a> {
    pub(super) place: &'a Place,
    pub(super) flow: Flow,
    pub(super) operator: &'a Operator,
    /// What was taken, picked or not.
    pub(super) hand: &'a mut Hand,
    /// What was picked, the oldest first.
    pub(super) planned: Vec<Planned>,
}

/// Of one queue after the other: takes what is there, picks what was asked for, and lets a command act on it. What it leaves is
/// given back.
pub(super) async fn letters(
    options: &Options,
    purpose: Purpose,
    selection: &Selection,
    judging: Judging,
    mut act: impl AsyncFnMut(Letters<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let place = Place::find(options, purpose).await?;
    let mut limit = selection.limit.unwrap_or(usize::MAX);
    for (flow, operator) in place.operators()? {
        Hand::with(&operator.dead_letters, DEAD_LETTERS, judging.hide_for, async |hand, taken| {
            let letters = taken.into_iter().map(|one| Letter::of(one, flow.as_str())).collect();
            let planned = operator.redrive().plan(letters, &judging.rules(&place)).await;
            let planned = planned.map_err(|error| Failure::undone("read the ledger", &error))?;
            let planned = selection.pick(planned, limit, (place.now)());
            limit -= planned.len();
            act(Letters { place: &place, flow, operator: &operator, hand, planned }).await
        })
        .await?;
    }
    Ok(())
}
