//! Whether a queue would let us do what changes it, asked so that nothing changes.

use crate::{Queue, Unavailable};
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
};

/// Stands where a receipt handle is asked for, and is none. To whoever may make the call, SQS answers that this entry cannot be
/// done; whoever may not is refused the whole call.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html>
const NO_HANDLE: &str = "check";

/// An entry that was refused for want of a permission.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
struct Denied {
    code: String,
    message: String,
}

impl Queue {
    /// Asks to delete a message that is none: whether deleting is allowed.
    ///
    /// # Errors
    /// When SQS cannot be used, or does not let us.
    pub async fn may_delete(&self) -> Result<(), Unavailable> {
        let entry = DeleteMessageBatchRequestEntry::builder().id("0").receipt_handle(NO_HANDLE).build();
        let entry = entry.map_err(|e| Unavailable::new("delete", e))?;
        let answer = self.client.delete_message_batch().queue_url(&self.url).entries(entry).send().await;
        judge("let us delete messages", answer.map_err(|e| Unavailable::new("let us delete messages", e))?.failed())
    }

    /// Asks to hide a message that is none: whether changing visibility is allowed.
    ///
    /// # Errors
    /// When SQS cannot be used, or does not let us.
    pub async fn may_hide(&self) -> Result<(), Unavailable> {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id("0").receipt_handle(NO_HANDLE);
        let entry = entry.visibility_timeout(0).build().map_err(|e| Unavailable::new("hide", e))?;
        let answer = self.client.change_message_visibility_batch().queue_url(&self.url).entries(entry).send().await;
        judge("let us hide messages", answer.map_err(|e| Unavailable::new("let us hide messages", e))?.failed())
    }
}

/// A handle that is none is what we wanted to hear; a refusal is not.
fn judge(operation: &'static str, failed: &[BatchResultErrorEntry]) -> Result<(), Unavailable> {
    let denied = failed.iter().find(|entry| entry.code().contains("AccessDenied"));
    denied.map_or(Ok(()), |entry| {
        let message = entry.message().unwrap_or_default().to_owned();
        Err(Unavailable::new(operation, Denied { code: entry.code().to_owned(), message }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_that_is_none_is_no_refusal() {
        let entry =
            |code: &str| BatchResultErrorEntry::builder().id("0").code(code).sender_fault(true).build().unwrap();
        for allowed in [vec![], vec![entry("ReceiptHandleIsInvalid")], vec![entry("InvalidParameterValue")]] {
            assert!(judge("let us delete messages", &allowed).is_ok(), "{allowed:?}");
        }
        let refused = judge("let us delete messages", &[entry("AccessDenied")]).unwrap_err();
        assert_eq!(refused.to_string(), "the queue did not let us delete messages");
    }
}
