//! Every rule, and how the data looks without it.

use ledger::{
    Attempt, Delivery, Event, Millis, Outcome, Policy, Record, Repair, Settled, State, Verdict, Write,
    write::{Change, Condition},
};

macro_rules! rules {
    ($($name:ident: $scenario:ident, $broken:ident, $text:literal;)*) => {
        /// A rule that can be switched off.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Rule { $($name),* }

        impl Rule {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The rule as a sentence.
            pub(crate) fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The promise that breaks without it.
            pub(crate) fn broken(self) -> &'static str {
                match self { $(Self::$name => crate::properties::$broken),* }
            }

            /// Where to look for the counterexample.
            pub(crate) fn scenario(self) -> crate::scenario::Scenario {
                match self { $(Self::$name => crate::scenario::Scenario::$scenario().without(self)),* }
            }
        }
    };
}

rules! {
    ClaimRevision: upserts, S3, "A claim is not older than the record.";
    ClaimLease: creates, S2, "Nobody claims under a live lease.";
    LeaseSkew: creates, S2, "A lease lapses only after the bound on clock skew.";
    LeaseSettle: creates, S2, "A lease lapses only after the settle time.";
    LeaseInEveryState: upserts, S3, "A lease holds off a claim in every state, not in `claimed` alone.";
    LeaseOver: upserts, W1, "A holder that has said how it ended has no lease any more.";
    Embargo: upserts, S3, "No claim while a call may still land, not even a newer one.";
    EmbargoSkew: upserts, S3, "An embargo is longer by the bound on clock skew.";
    EmbargoParked: upserts, S3, "Parking leaves an embargo for the settle time.";
    CreatedIsClosed: creates, S2, "Where the destination only creates, accepted and confirmed are never claimed again.";
    ParkedIsClosed: two_hashes, S3, "Parked and rejected are claimed by a newer version only.";
    NewerReopens: upserts, L1, "A newer version claims over rejected and parked.";
    NewerSupersedes: upserts, L1, "Where the destination upserts, a newer version claims over accepted and confirmed.";
    SkippedIsOpen: upserts, L1, "Skipped is claimed like pending.";
    ReadBack: creates, S2, "Where a repeat is harmful, a claim after an unanswered one reads back first.";
    ReadBackAfterAny: creates, S2, "That holds after every earlier claim, not after `claimed` and `uncertain` alone.";
    ReadBackOwn: creates, S2, "A claim whose answer was lost reads back too.";
    OwnClaim: ignores, T1, "A refused claim whose old item carries its own token has succeeded.";
    OwnFinish: ignores, T1, "A refused finish whose old item carries its own token has succeeded.";
    FinishVersion: upserts, T1, "A refused finish has not succeeded if another version was settled over the claim.";
    ConfirmedFinish: ignores, T1, "A holder refused by `confirmed` has succeeded.";
    FenceToken: creates, S2, "A holder writes only while the token is its own.";
    FenceState: upserts, S5, "A holder writes only while the record is claimed.";
    SettleRevision: late_producer, S1, "A skip, rejection or parking is not older than the record.";
    SettleOverOpen: creates, S5, "A skip is not recorded over what may have been sent.";
    SettleSupersedes: upserts, S1, "Where the destination upserts, a rejection or parking replaces an older accepted version.";
    SettleHeld: upserts, S1, "A rejection or parking that meets a call under way comes again.";
    SkipTried: upserts_read_back, S1, "Where the destination upserts, what was tried or accepted is not skipped without a claim.";
    AppliedTaken: unchanged, S1, "A claim takes what is known of the destination out of the record, and only its holder puts it back.";
    AppliedUnanswered: unchanged, S1, "After a call that nobody answered, nobody knows what the destination has.";
    DismissRevision: upserts, S1, "A dismissal is not older than the record.";
    DismissOwn: ignores, S1, "A dismissal works at the record's own revision too.";
    DismissState: ignores, S5, "What was sent is not dismissed.";
    DismissHeld: ignores, S4, "A copy is not deleted by a dismissal that meets a call under way.";
    DismissFirst: ignores, S1, "The ledger knows of a dismissal before the copy is deleted.";
    GiveWayUntried: gives_way, N1, "Only what was never tried gives its name away.";
    GiveWayRevision: gives_way, N1, "What gives its name away is not older than the record.";
    ConfirmRevision: upserts, S1, "A read-back of an older version confirms nothing.";
    ConfirmFromAny: ignores, S1, "A read-back confirms from any state.";
    ConfirmOverAbsent: upserts, S1, "A read-back confirms what the ledger does not know.";
    ConfirmKeepsEmbargo: upserts, S3, "A confirmation leaves lease and embargo alone.";
    ReopenRevision: unchanged, S3, "A copy older than the record reopens nothing.";
    ReopenState: upserts, S5, "Only rejected and parked are reopened by a copy.";
    ReopenMissing: ignores, S1, "What was accepted and is missing is reopened.";
    ReopenMissingNewer: ignores, S1, "The source's version may be newer than the missing one.";
    ReopenPending: ignores, S1, "A copy that finds the record open is sent again.";
    GiveUpParks: ignores, L1, "What is missing and was reopened as often as is allowed is parked.";
    GiveUpState: ignores, S5, "Only what is accepted is given up.";
    RepairLimit: ignores, S4, "A delivery is reopened a limited number of times.";
    OneHash: two_hashes, S3, "At one revision, another effect does not claim.";
    ConflictParks: two_hashes, S3, "Two effects at one revision whose order nobody knows are parked.";
    ConflictRemembers: two_hashes_one_worker, S2, "An effect that was seen at a revision is done, also after another one.";
    ConflictOther: two_hashes_one_worker, S2, "A conflict that was recorded is not recorded again.";
    TriggerOrder: two_triggers, L1, "Within one revision, the later trigger claims over the earlier.";
    TriggerOutdated: two_triggers, S3, "Within one revision, the earlier trigger is out of date.";
    CallWithinLease: creates, S2, "A call is made only within the lease.";
    DeadLetterFirst: dependency, S1, "A copy is in the dead-letter queue before the ledger says rejected or parked.";
    RedriveAge: creates, S1, "A copy in the dead-letter queue is left alone until whoever put it there has written down why.";
    DeleteWhenRecorded: creates, S4, "A message is deleted only when the ledger has said that it has its end.";
    DeleteWhenDone: ignores, S4, "A message comes back when its consumer dies.";
    WaitsFor: dependency, D1, "A delivery that needs another waits until that one is accepted.";
    BlockedAtOnce: dependency, L1, "What waits for a delivery that is parked or rejected is parked.";
    SkippedTogether: dependency, L1, "What waits for a delivery that is skipped is skipped with it.";
    SkippedComesBack: late_dependency, S1, "What was skipped with another delivery is sent when that one is not skipped any more.";
    SkipUntried: unread, S1, "Where the destination only creates, a consumer does not skip what was claimed before, unless it has read.";
}

const YES: fn() -> Condition = || Condition::All(vec![]);

/// The condition with every part that `replace` names replaced.
fn rewrite(condition: &mut Condition, replace: &dyn Fn(&Condition) -> Option<Condition>) {
    if let Some(other) = replace(condition) {
        *condition = other;
    } else if let Condition::All(parts) | Condition::Any(parts) = condition {
        for part in parts {
            rewrite(part, replace);
        }
    }
}

fn drop_states(write: &mut Write, lost: &'static [State]) {
    rewrite(&mut write.condition, &|c| match c {
        Condition::StateIn(states) => {
            Some(Condition::Any(states.iter().filter(|s| !lost.contains(s)).copied().map(only).collect()))
        }
        _ => None,
    });
}

/// A condition holds lists of states that live as long as the program: one for each state.
fn only(state: State) -> Condition {
    const EACH: [&[State]; 8] = [
        &[State::Pending],
        &[State::Claimed],
        &[State::Accepted],
        &[State::Confirmed],
        &[State::Skipped],
        &[State::Rejected],
        &[State::Parked],
        &[State::Uncertain],
    ];
    let this = EACH.into_iter().find(|states| states.contains(&state));
    Condition::StateIn(this.unwrap_or_default())
}

fn drop_revisions(write: &mut Write) {
    rewrite(&mut write.condition, &|c| {
        matches!(c, Condition::RevisionBelow(_) | Condition::RevisionAtMost(_) | Condition::RevisionIs(_)).then(YES)
    });
}

fn drop_part(write: &mut Write, part: fn(&Condition) -> bool) {
    rewrite(&mut write.condition, &|c| part(c).then(YES));
}

fn drop_change(write: &mut Write, part: fn(&Change) -> bool) {
    write.changes.retain(|change| !part(change));
}

fn or(write: &mut Write, other: Condition) {
    let condition = std::mem::replace(&mut write.condition, YES());
    write.condition = Condition::Any(vec![condition, other]);
}

impl Rule {
    /// Takes the rule out of a write's condition or changes.
    pub(crate) fn weaken(self, event: &Event, policy: &Policy, write: &mut Write) {
        use Condition::{EmbargoOver, LeaseEndedBy, StateIn};
        match (self, event) {
            (_, Event::Settle { delivery, settled: Settled::Dismissed(_) }) => self.weaken_dismissal(delivery, write),
            (_, Event::Settle { settled: Settled::GaveWay(_), .. }) => match self {
                Self::GiveWayUntried => drop_part(write, |c| matches!(c, Condition::Untried)),
                Self::GiveWayRevision => drop_revisions(write),
                _ => {}
            },
            (_, Event::Settle { .. }) => self.weaken_settlement(event, write),
            (Self::AppliedTaken, Event::Claim { .. }) => drop_change(write, |c| matches!(c, Change::Applied(_))),
            (Self::ClaimRevision, Event::Claim { .. })
            | (Self::ConfirmRevision, Event::Confirm { .. })
            | (Self::ReopenRevision, Event::Reopen { .. }) => drop_revisions(write),
            (Self::ClaimLease, Event::Claim { .. }) => drop_part(write, |c| matches!(c, LeaseEndedBy(_))),
            (Self::LeaseSkew, Event::Claim { .. }) => rewrite(&mut write.condition, &|c| match c {
                LeaseEndedBy(at) => Some(LeaseEndedBy(at.plus(policy.clock_skew))),
                _ => None,
            }),
            (Self::LeaseSettle, Event::Claim { .. }) => rewrite(&mut write.condition, &|c| match c {
                LeaseEndedBy(at) => Some(LeaseEndedBy(at.plus(policy.settle))),
                _ => None,
            }),
            (Self::LeaseInEveryState, Event::Claim { .. }) => rewrite(&mut write.condition, &|c| match c {
                LeaseEndedBy(at) => {
                    const OTHERS: &[State] = &[
                        State::Pending,
                        State::Accepted,
                        State::Confirmed,
                        State::Skipped,
                        State::Rejected,
                        State::Parked,
                        State::Uncertain,
                    ];
                    Some(Condition::Any(vec![StateIn(OTHERS), LeaseEndedBy(*at)]))
                }
                _ => None,
            }),
            (Self::LeaseOver, Event::Finish { .. }) => drop_change(write, |c| matches!(c, Change::LeaseOver)),
            (Self::Embargo, Event::Claim { .. }) => drop_part(write, |c| matches!(c, EmbargoOver(_))),
            (Self::EmbargoSkew, Event::Finish { .. }) => {
                for change in &mut write.changes {
                    if let Change::NotBefore(Some(at)) = change {
                        *at = at.minus(policy.clock_skew);
                    }
                }
            }
            (Self::EmbargoParked, Event::Finish { outcome: Outcome::Parked(_), .. }) => {
                drop_change(write, |c| matches!(c, Change::NotBefore(_)));
            }
            (Self::CreatedIsClosed, Event::Claim { .. }) => {
                or(write, StateIn(&[State::Accepted, State::Confirmed]));
            }
            (Self::ParkedIsClosed, Event::Claim { .. }) => or(write, StateIn(&[State::Parked, State::Rejected])),
            (Self::NewerReopens, Event::Claim { .. }) => drop_states(write, &[State::Rejected, State::Parked]),
            (Self::NewerSupersedes, Event::Claim { .. }) => drop_states(write, &[State::Accepted, State::Confirmed]),
            (Self::SkippedIsOpen, Event::Claim { .. }) => drop_states(write, &[State::Skipped]),
            (Self::FenceToken, Event::Finish { .. }) => drop_part(write, |c| matches!(c, Condition::TokenIs(_))),
            (Self::FenceState, Event::Finish { .. })
            | (Self::ReopenState, Event::Reopen { repair: Repair::Redrive, .. }) => {
                drop_part(write, |c| matches!(c, StateIn(_)));
            }
            (Self::ConfirmFromAny, Event::Confirm { .. }) => {
                let condition = std::mem::replace(&mut write.condition, YES());
                let open = StateIn(&[State::Pending, State::Claimed, State::Accepted, State::Uncertain]);
                write.condition = Condition::All(vec![condition, open]);
            }
            (Self::ConfirmOverAbsent, Event::Confirm { .. }) => {
                rewrite(&mut write.condition, &|c| matches!(c, Condition::Absent).then(|| Condition::Any(vec![])));
            }
            (Self::ConfirmKeepsEmbargo, Event::Confirm { .. }) => {
                write.changes.extend([Change::NotBefore(None), Change::LeaseOver]);
            }
            (Self::ReopenMissing, Event::Reopen { repair: Repair::Missing, .. }) => {
                write.condition = Condition::Any(vec![]);
            }
            (Self::ReopenMissingNewer, Event::Reopen { repair: Repair::Missing, delivery, .. }) => {
                let equal = Condition::RevisionIs(delivery.revision);
                let condition = std::mem::replace(&mut write.condition, YES());
                write.condition = Condition::All(vec![condition, equal]);
            }
            (Self::GiveUpParks, Event::GiveUp { .. }) => write.condition = Condition::Any(vec![]),
            (Self::GiveUpState, Event::GiveUp { .. }) => drop_part(write, |c| matches!(c, StateIn(_))),
            (Self::RepairLimit, Event::Reopen { .. }) => drop_part(write, |c| matches!(c, Condition::RepairsBelow(_))),
            (Self::OneHash, Event::Claim { .. }) => drop_part(write, |c| matches!(c, Condition::HashIs(_))),
            (Self::ConflictParks, Event::Conflict { .. }) => {
                for change in &mut write.changes {
                    if let Change::State(state) = change {
                        *state = State::Pending;
                    }
                }
            }
            (Self::ConflictRemembers, Event::Conflict { .. }) => {
                drop_change(write, |c| matches!(c, Change::KeepVersion));
            }
            (Self::ConflictOther, Event::Conflict { .. }) => drop_part(write, |c| matches!(c, Condition::HashIsNot(_))),
            (Self::TriggerOrder, Event::Claim { .. }) => rewrite(&mut write.condition, &|c| {
                matches!(c, Condition::TriggerBelow(_)).then(|| Condition::Any(vec![]))
            }),
            _ => {}
        }
    }

    /// The same, where it is settled by rule.
    fn weaken_settlement(self, event: &Event, write: &mut Write) {
        match self {
            Self::SkipTried if matches!(event, Event::Settle { settled: Settled::Skipped(_), .. }) => {
                drop_part(write, |c| matches!(c, Condition::Untried | Condition::Unaccepted));
            }
            Self::SettleRevision => drop_revisions(write),
            Self::SettleOverOpen => drop_part(write, |c| matches!(c, Condition::StateIn(_))),
            Self::SettleSupersedes => drop_states(write, &[State::Accepted, State::Confirmed]),
            _ => {}
        }
    }

    /// The same, where a person settles it.
    fn weaken_dismissal(self, delivery: &Delivery, write: &mut Write) {
        match self {
            Self::DismissRevision => drop_revisions(write),
            Self::DismissState => drop_part(write, |c| matches!(c, Condition::StateIn(_))),
            Self::DismissOwn => rewrite(&mut write.condition, &|c| {
                matches!(c, Condition::RevisionAtMost(_)).then(|| Condition::RevisionBelow(delivery.revision))
            }),
            _ => {}
        }
    }

    /// Takes the rule out of a verdict.
    pub(crate) fn misjudge(self, event: &Event, attempt: &Attempt, verdict: &mut Verdict, now: Millis) {
        let refused =
            |test: &dyn Fn(&Record) -> bool| matches!(attempt, Attempt::Refused(Some(record)) if test(record));
        let other = match (self, event, &verdict) {
            (
                Self::ReadBack,
                Event::Claim { .. },
                Verdict::Call { attempt: n, unanswered, open_since, applied, .. },
            ) => matches!(attempt, Attempt::Applied(_)).then_some(Verdict::Call {
                attempt: *n,
                read_back_first: false,
                unanswered: *unanswered,
                open_since: *open_since,
                applied: applied.clone(),
            }),
            (
                Self::ReadBackAfterAny,
                Event::Claim { .. },
                Verdict::Call { attempt: n, read_back_first, unanswered, open_since, applied },
            ) => {
                let open = |record: &Record| matches!(record.state, State::Claimed | State::Uncertain);
                let known = matches!(attempt, Attempt::Applied(Some(record)) if !open(record));
                Some(Verdict::Call {
                    attempt: *n,
                    read_back_first: *read_back_first && !known,
                    unanswered: *unanswered,
                    open_since: *open_since,
                    applied: applied.clone(),
                })
            }
            (
                Self::ReadBackOwn,
                Event::Claim { .. },
                Verdict::Call { attempt: n, unanswered, open_since, applied, .. },
            ) => matches!(attempt, Attempt::Refused(_)).then_some(Verdict::Call {
                attempt: *n,
                read_back_first: false,
                unanswered: *unanswered,
                open_since: *open_since,
                applied: applied.clone(),
            }),
            (Self::OwnClaim, Event::Claim { .. }, Verdict::Call { .. }) => {
                matches!(attempt, Attempt::Refused(_)).then_some(Verdict::Held(now))
            }
            (Self::OwnFinish, Event::Finish { token, .. }, Verdict::Recorded) => {
                refused(&|r| r.token.as_ref() == Some(token) && r.state != State::Confirmed)
                    .then_some(Verdict::Held(now))
            }
            (Self::FinishVersion, Event::Finish { token, .. }, Verdict::Held(_)) => {
                refused(&|r| r.token.as_ref() == Some(token) && r.state != State::Claimed).then_some(Verdict::Recorded)
            }
            (Self::ConfirmedFinish, Event::Finish { .. }, Verdict::Recorded) => {
                refused(&|r| r.state == State::Confirmed).then_some(Verdict::Held(now))
            }
            (
                Self::SettleHeld,
                Event::Settle { settled: Settled::Rejected(_) | Settled::Parked(_), .. },
                Verdict::Held(_),
            )
            | (Self::DismissHeld, Event::Settle { settled: Settled::Dismissed(_), .. }, Verdict::Held(_)) => {
                Some(Verdict::Done)
            }
            (Self::ReopenPending, Event::Reopen { .. }, Verdict::Recorded) => {
                matches!(attempt, Attempt::Refused(_)).then_some(Verdict::Done)
            }
            (Self::TriggerOutdated, Event::Claim { .. }, Verdict::Superseded | Verdict::Done) => {
                refused(&|r| r.triggered_at.is_some()).then_some(Verdict::Conflict)
            }
            _ => None,
        };
        if let Some(other) = other {
            *verdict = other;
        }
    }
}
