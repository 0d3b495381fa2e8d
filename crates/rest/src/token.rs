use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// A token kept for the life of the process and minted by one caller while the others wait for it.
///
/// A mint that fails is not repeated by those who waited for it: they get the same error, so that a wrong secret
/// costs the login endpoint one call and not one a worker.  Whoever comes later tries anew.
#[derive(Debug)]
pub struct TokenCell<T, E> {
    // How many mints have ended; read before waiting, compared after.
    mints: AtomicU64,
    last: Mutex<Option<Result<Arc<T>, E>>>,
}

impl<T, E: Clone> TokenCell<T, E> {
    /// An empty cell.
    pub fn new() -> TokenCell<T, E> {
        TokenCell { mints: AtomicU64::new(0), last: Mutex::new(None) }
    }

    /// The token; `mint` is awaited only if there is none or the one there is `stale` (the one the vendor has just
    /// refused; a token that somebody minted since is returned as it is).
    pub async fn get(&self, stale: Option<&Arc<T>>, mint: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let before = self.mints.load(Ordering::Acquire);
        let mut last = self.last.lock().await;
        let waited_for_a_mint = self.mints.load(Ordering::Acquire) != before;
        match &*last {
            Some(Ok(token)) if stale.is_none_or(|stale| !Arc::ptr_eq(stale, token)) => {
                return Ok(Arc::clone(token));
            }
            Some(Err(error)) if waited_for_a_mint => return Err(error.clone()),
            _ => {}
        }
        let minted = mint.await.map(Arc::new);
        *last = Some(minted.clone());
        self.mints.fetch_add(1, Ordering::AcqRel);
        minted
    }

    /// Forgets the token: the next caller mints.
    pub async fn forget(&self) {
        *self.last.lock().await = None;
    }
}

impl<T, E: Clone> Default for TokenCell<T, E> {
    fn default() -> Self {
        TokenCell::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mints the number of the mint, or fails with it.
    async fn mint(count: &AtomicU64, good: bool) -> Result<u64, u64> {
        tokio::task::yield_now().await;
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        if good { Ok(number) } else { Err(number) }
    }

    #[tokio::test]
    async fn one_mint_serves_all_who_ask_and_all_who_find_it_stale() {
        let (cell, count) = (TokenCell::new(), AtomicU64::new(0));
        let (a, b, c) = tokio::join!(
            cell.get(None, mint(&count, true)),
            cell.get(None, mint(&count, true)),
            cell.get(None, mint(&count, true))
        );
        let first = a.unwrap();
        assert_eq!((*first, *b.unwrap(), *c.unwrap()), (1, 1, 1));
        let (a, b) =
            tokio::join!(cell.get(Some(&first), mint(&count, true)), cell.get(Some(&first), mint(&count, true)));
        assert_eq!((*a.unwrap(), *b.unwrap()), (2, 2));
        cell.forget().await;
        assert_eq!(*cell.get(None, mint(&count, true)).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_failed_mint_is_shared_by_those_who_waited_and_tried_anew_by_later_callers() {
        let (cell, count) = (TokenCell::new(), AtomicU64::new(0));
        let (a, b) = tokio::join!(cell.get(None, mint(&count, false)), cell.get(None, mint(&count, false)));
        assert_eq!((a.unwrap_err(), b.unwrap_err()), (1, 1));
        assert_eq!(*cell.get(None, mint(&count, true)).await.unwrap(), 2);
    }
}
