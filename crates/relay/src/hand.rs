//! Messages in an operator's hand: taken out of a queue, hidden from everybody else meanwhile, and given back unless they were
//! deleted. If the command dies they are visible again by themselves when their time is over.

use crate::{failure::Failure, progress};
use queue::{Queue, Taken};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// So long a message stays hidden that is looked at: reading some thousands takes less.
pub(crate) const LOOK: Duration = Duration::from_mins(5);

/// What was taken out of one queue.
pub(crate) struct Hand<'a> {
    queue: &'a Queue,
    /// By SQS's id, without the bodies.
    held: BTreeMap<String, Taken>,
}

impl<'a> Hand<'a> {
    /// Takes every message that the queue has to give. `name` is the queue's, in words.
    pub(crate) async fn take(queue: &'a Queue, name: &str, hidden: Duration) -> Result<(Self, Vec<Taken>), Failure> {
        let undone = |error| Failure::undone(&format!("read {name}"), &error);
        let depth = queue.depth().await.map_err(undone)?;
        let bar = progress::bar(depth.visible, format!("reading {name}"));
        let mut hand = Self { queue, held: BTreeMap::new() };
        let mut all: Vec<Taken> = Vec::new();
        loop {
            let batch = match queue.take(hidden).await {
                Ok(batch) => batch,
                Err(error) => {
                    bar.finish_and_clear();
                    hand.give_back().await;
                    return Err(undone(error));
                }
            };
            bar.inc(batch.len() as u64);
            // One that comes again: its time was over, and so is everybody's who was taken before it.
            let again = batch.iter().any(|taken| hand.held.contains_key(&taken.id));
            let empty = batch.is_empty();
            for taken in batch {
                let stub = Taken { body: String::new(), attributes: BTreeMap::new(), ..taken.clone() };
                if hand.held.insert(taken.id.clone(), stub).is_none() {
                    all.push(taken);
                }
            }
            if empty || again {
                bar.finish_and_clear();
                return Ok((hand, all));
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

    /// How many messages the queue has, of those that nobody deleted, that are not in this hand; approximate, as SQS gives it.
    pub(crate) async fn unseen(&self) -> Result<u64, Failure> {
        let depth = self.queue.depth().await;
        let depth = depth.map_err(|error| Failure::undone("ask how much is in a queue", &error))?;
        Ok(depth.total().saturating_sub(self.held.len() as u64))
    }

    /// Gives back all but these.
    pub(crate) async fn keep_only(&mut self, ids: &BTreeSet<&str>) {
        let (kept, others) = std::mem::take(&mut self.held).into_iter().partition(|(id, _)| ids.contains(id.as_str()));
        self.held = kept;
        Self { queue: self.queue, held: others }.give_back().await;
    }

    /// Gives back what was not deleted. What cannot be given back is visible when its time is over.
    pub(crate) async fn give_back(self) {
        let held: Vec<&Taken> = self.held.values().collect();
        drop(self.queue.give_back(&held).await);
    }
}
