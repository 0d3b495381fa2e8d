//! What is made of a secret, and made anew when the vendor refuses it: the secret may have been rotated under a warm function.

use std::{
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::Mutex;

type Made<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// What is made of a secret: clients, credentials, an expiry date.
pub struct Rotating<T, E> {
    current: RwLock<Arc<T>>,
    reading: Mutex<()>,
    read: Box<dyn Fn() -> Made<T, E> + Send + Sync>,
}

impl<T, E: std::error::Error + 'static> Rotating<T, E> {
    /// Reads the secret for the first time; `read` reads it, and makes a `T` of it.
    ///
    /// # Errors
    /// When it cannot be read or used.
    pub async fn load<F>(read: impl Fn() -> F + Send + Sync + 'static) -> Result<Self, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let read = Box::new(move || -> Made<T, E> { Box::pin(read()) });
        Ok(Self { current: RwLock::new(Arc::new(read().await?)), reading: Mutex::new(()), read })
    }

    /// What was made last.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the secret again if what was made last `is_refused`; what holds now. However many find out at once, it is read once.
    /// `None` if it cannot be read: what was made last stays.
    pub async fn renew(&self, is_refused: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let _one_at_a_time = self.reading.lock().await;
        let known = self.get();
        if !is_refused(&known) {
            return Some(known);
        }
        match (self.read)().await {
            Ok(made) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(made);
                Some(self.get())
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the secret cannot be read again");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    #[derive(Debug, thiserror::Error)]
    #[error("gone")]
    struct Gone;

    /// The versions 1, 2, …; the third cannot be read.
    async fn rotating() -> Rotating<u32, Gone> {
        let reads = Arc::new(AtomicU32::new(0));
        let read = move || {
            let version = reads.fetch_add(1, Relaxed) + 1;
            async move {
                tokio::task::yield_now().await;
                if version == 3 { Err(Gone) } else { Ok(version) }
            }
        };
        Rotating::load(read).await.unwrap()
    }

    #[tokio::test]
    async fn whoever_finds_out_it_is_read_once() {
        let rotating = rotating().await;
        let first = rotating.get();
        let renew = || rotating.renew(|version| *version == *first);
        let (a, b, c) = tokio::join!(renew(), renew(), renew());
        assert_eq!([a, b, c].map(|made| made.map(|version| *version)), [Some(2); 3]);
        assert_eq!(*rotating.get(), 2);
    }

    #[tokio::test]
    async fn what_cannot_be_read_again_changes_nothing() {
        let rotating = rotating().await;
        rotating.renew(|version| *version == 1).await;
        assert!(rotating.renew(|version| *version == 2).await.is_none());
        assert_eq!(*rotating.get(), 2);
        assert_eq!(rotating.renew(|version| *version == 2).await.as_deref(), Some(&4));
    }
}
