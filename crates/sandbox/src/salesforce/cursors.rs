//! Query locators: results that are fetched page by page.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::id::SfId;
use super::soql::Plan;

/// The rows of one result, outer or nested.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    pub(crate) plan: Arc<Plan>,
    pub(crate) rows: Arc<[u32]>,
}

/// Open cursors, oldest first; the oldest are given up when together they hold too much.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    open: BTreeMap<SfId, Cursor>,
    opened: u64,
    held: usize,
}

/// Rows held before the oldest cursor is given up.
const MOST: usize = 20_000_000;

impl Cursors {
    pub(crate) fn open(&mut self, cursor: Cursor) -> SfId {
        self.opened += 1;
        let id = SfId::new("01g", self.opened);
        self.held += cursor.rows.len();
        self.open.insert(id, cursor);
        while self.held > MOST && self.open.len() > 1 {
            if let Some((_, oldest)) = self.open.pop_first() {
                self.held -= oldest.rows.len();
            }
        }
        id
    }

    /// From now on no locator is known.
    pub(crate) fn expire(&mut self) {
        self.open.clear();
        self.held = 0;
    }

    /// `01g…-500`: the id, its cursor, and the number of rows already read.
    pub(crate) fn find(&self, locator: &str) -> Option<(SfId, Cursor, usize)> {
        let (id, offset) = locator.split_once('-')?;
        let id = id.parse().ok()?;
        Some((id, self.open.get(&id)?.clone(), offset.parse().ok()?))
    }
}
