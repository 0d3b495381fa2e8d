//! Messages in an operator's hand: taken out of a queue, hidden from everybody else meanwhile, and given back unless they were
//! deleted. If the command dies they are visible again by themselves when their time is over.

use crate::{failure::Failure, progress, text::WARN};
use queue::{Queue, Taken};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    time::Duration,
};

/// The dead-letter queue's name in sentences.
pub(crate) const DEAD_LETTERS: &str = "the dead-letter queue";

/// So long a message stays hidden that is looked at: reading some thousands takes less.
pub(crate) const LOOK: Duration = Duration::from_mins(5);

/// How to go on after what held messages was interrupted.
pub(crate) const HELD: &str = "messages that were held are visible again in five minutes, or when --hide-for is over; doing it \
    again is safe";

/// Says how many messages of a queue, named in words, could not be looked at.
pub(crate) fn say_unseen(unseen: u64, name: &str, to: &mut dyn Write) -> io::Result<()> {
    if unseen == 0 {
        return Ok(());
    }
    writeln!(
        to,
        "{WARN}{unseen} more in {name} could not be looked at:{WARN:#} they are in flight or delayed. Another command holds them, or \
         one that\nwas stopped; they come back by themselves when its --hide-for is over, five minutes as a rule"
    )
}

/// What was taken out of one queue.
pub(crate) struct Hand {
    queue: Queue,
    /// Messages that the queue has and did not give; approximate, as SQS counts.
    unseen: u64,
    /// By SQS's id, without the bodies.
    held: BTreeMap<String, Taken>,
}

impl Hand {
    /// Takes every message that a queue has to give, and lets somebody act on them; what is left in the hand is given back,
    /// however that ends. `name` is the queue's, in words.
    pub(crate) async fn with<T>(
        queue: &Queue,
        name: &str,
        hidden: Duration,
        act: impl AsyncFnOnce(&mut Self, Vec<Taken>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut hand = Self { queue: queue.clone(), unseen: 0, held: BTreeMap::new() };
        // Boxed: what acts calls several services, and is large.
        let done = Box::pin(async {
            let taken = hand.take(hidden, name).await;
            act(&mut hand, taken.map_err(|error| Failure::undone(&format!("read {name}"), &error))?).await
        })
        .await;
        hand.give_back().await;
        done
    }

    async fn take(&mut self, hidden: Duration, name: &str) -> Result<Vec<Taken>, queue::Unavailable> {
        let bar = progress::bar(self.queue.depth().await?.visible, format!("reading {name}"));
        let mut all: Vec<Taken> = Vec::new();
        loop {
            let batch = self.queue.take(hidden).await?;
            bar.inc(batch.len() as u64);
            // One that comes again: its time was over, and so is everybody's who was taken before it.
            let again = batch.iter().any(|taken| self.held.contains_key(&taken.id));
            let empty = batch.is_empty();
            for taken in batch {
                let stub = Taken { body: String::new(), attributes: BTreeMap::new(), ..taken.clone() };
                if self.held.insert(taken.id.clone(), stub).is_none() {
                    all.push(taken);
                }
            }
            if empty || again {
                bar.finish_and_clear();
                self.unseen = self.queue.depth().await?.total().saturating_sub(self.held.len() as u64);
                return Ok(all);
            }
        }
    }

    fn find<'b>(&'b self, ids: &[&str]) -> Vec<&'b Taken> {
        ids.iter().filter_map(|id| self.held.get(*id)).collect()
    }

    /// Hides these for longer: acting on them takes so long.
    pub(crate) async fn hold(&self, ids: &[&str], hidden: Duration) -> Result<(), Failure> {
        let held = self.queue.hold(&self.find(ids), hidden).await;
        held.map_err(|error| Failure::undone("keep the messages hidden", &error))
    }

    /// Deletes these; how many SQS deleted. The others come back by themselves.
    pub(crate) async fn delete(&mut self, ids: &[&str]) -> Result<usize, Failure> {
        let left = self.queue.delete(&self.find(ids)).await;
        let left = left.map_err(|error| Failure::undone("delete the messages that were dealt with", &error))?;
        for id in ids.iter().filter(|id| !left.iter().any(|other| other == *id)) {
            self.held.remove(*id);
        }
        Ok(ids.len() - left.len())
    }

    /// How many messages the queue had that it did not give: they are in somebody else's hand, or were left hidden by a command
    /// that was stopped, or have come since. Those that are counted in flight and are held here are none of them.
    pub(crate) fn unseen(&self) -> u64 {
        self.unseen
    }

    /// Gives back all but these.
    pub(crate) async fn keep_only(&mut self, ids: &BTreeSet<&str>) {
        let (kept, others) = std::mem::take(&mut self.held).into_iter().partition(|(id, _)| ids.contains(id.as_str()));
        self.held = kept;
        Self { queue: self.queue.clone(), unseen: 0, held: others }.give_back().await;
    }

    /// Gives back what was not deleted. What cannot be given back is visible when its time is over.
    async fn give_back(self) {
        let held: Vec<&Taken> = self.held.values().collect();
        drop(self.queue.give_back(&held).await);
    }
}
