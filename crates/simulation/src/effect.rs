//! Everything that the functions do to the world, as one list: what is not on it fails the run.

use crate::{DEAD_LETTERS, QUEUE};
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};

/// One of the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// `reviews-producer`.
    Producer,
    /// `reviews-consumer`.
    Consumer,
    /// `reviews-reconciler`.
    Reconciler,
}

impl Function {
    /// Every function.
    pub const ALL: [Self; 3] = [Self::Producer, Self::Consumer, Self::Reconciler];

    /// The name of its binary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Producer => "reviews-producer",
            Self::Consumer => "reviews-consumer",
            Self::Reconciler => "reviews-reconciler",
        }
    }
}

macro_rules! effects {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// A call that a function makes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Effect { $($(#[doc = $doc])+ $name,)+ }

        impl Effect {
            /// Every effect there is.
            pub const ALL: &[Self] = &[$(Self::$name,)+];
        }
    };
}

effects! {
    /// Producer: its secret, at cold start.
    ReadSalesforceSecret,
    /// Producer: how far a store is settled.
    ReadCursor,
    /// Producer: a store's first cursor.
    BeginCursor,
    /// Producer: a store's days are settled.
    MoveCursor,
    /// Producer: what the pass left out.
    KeepOutside,
    /// Producer: how the run ended.
    KeepRun,
    /// Producer: where the last run stopped.
    ReadCheckpoint,
    /// Producer: where this run stands.
    SaveCheckpoint,
    /// Producer: a session at Salesforce.
    SalesforceToken,
    /// Producer: what the org knows of an object.
    SalesforceDescribe,
    /// Producer: a query's first page.
    SalesforceQuery,
    /// Producer: a later page, of orders or of an order's lines.
    SalesforceNext,
    /// Producer: what the ledger knows of a page's orders.
    ReadRecords,
    /// Producer: a day that something is about to be sent for is due.
    MarkDay,
    /// Producer: an order that is skipped, parked or rejected by rule.
    RecordExclusion,
    /// Producer: messages to the queue.
    SendMessages,
    /// Producer: a parked order's copy to the dead-letter queue.
    SendUnmapped,
    /// Consumer: its secret, at cold start and after a refusal.
    ReadYotpoSecret,
    /// Consumer: a claim.
    Claim,
    /// Consumer: how a claim ended.
    RecordOutcome,
    /// Consumer: a utoken.
    YotpoToken,
    /// Consumer: the purchase.
    CreatePurchase,
    /// Consumer: a copy to the dead-letter queue.
    Bury,
    /// Consumer: a fresh copy of a message on its last receive.
    SendFreshCopy,
    /// Consumer: when messages come back.
    Hide,
    /// Reconciler: its secrets, at cold start and after a refusal.
    ReadSecrets,
    /// Reconciler: how far a store is settled.
    LookUpCursor,
    /// Reconciler: a store's days that are due.
    LookUpDue,
    /// Reconciler: a look at a day begins, something is about to be sent for it, or it is proven.
    MarkLook,
    /// Reconciler: what was read of a day's source so far.
    KeepPart,
    /// Reconciler: what an earlier run has read of it.
    ReadPart,
    /// Reconciler: a day's last certificate.
    ReadCertificate,
    /// Reconciler: where the last reading stopped.
    ReadReading,
    /// Reconciler: where this reading stands.
    SaveReading,
    /// Reconciler: a session at Salesforce.
    LogIn,
    /// Reconciler: what the org knows of an object.
    LookUpObject,
    /// Reconciler: a day's orders, or some of them again.
    QueryDay,
    /// Reconciler: a later page, of orders or of an order's lines.
    QueryDayOn,
    /// Reconciler: what the ledger knows of a page's orders.
    LookUpRecords,
    /// Reconciler: a utoken.
    ReadBackToken,
    /// Reconciler: a page of purchases.
    ReadBack,
    /// Reconciler: an order that the destination shows.
    Confirm,
    /// Reconciler: how much waits in the queue.
    ReadDepth,
    /// Reconciler: a delivery is opened again.
    Reopen,
    /// Reconciler: messages to the queue.
    SendAgain,
    /// Reconciler: an order that is skipped or parked by rule.
    RecordAgain,
    /// Reconciler: a copy to the dead-letter queue.
    SendGivenUp,
    /// Reconciler: a delivery is given up.
    GiveUp,
    /// Reconciler: a day's certificate.
    KeepCertificate,
    /// Reconciler: what is open.
    ReadOpen,
    /// Reconciler: how the run ended.
    KeepLook,
    /// Check: whether a queue is there.
    ReachQueue,
    /// Check: whether the ledger is there.
    ReachLedger,
}

/// When an effect is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// The call is not made.
    Before,
    /// It has taken effect, and the answer does not arrive.
    AfterEffect,
    /// The answer has arrived, and nothing follows.
    AfterAnswer,
}

impl Moment {
    /// Every moment.
    pub const ALL: [Self; 3] = [Self::Before, Self::AfterEffect, Self::AfterAnswer];
}

/// What a call is made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Secrets Manager.
    Secrets,
    /// DynamoDB: the ledger.
    Table,
    /// SQS: the queue and its dead-letter queue.
    Queue,
    /// The source.
    Salesforce,
    /// The destination.
    Yotpo,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 5] = [Self::Secrets, Self::Table, Self::Queue, Self::Salesforce, Self::Yotpo];
}

impl Effect {
    /// Whether the call is to a vendor, and not to AWS.
    pub(crate) fn is_at_vendor(self) -> bool {
        matches!(self.service(), Service::Salesforce | Service::Yotpo)
    }

    /// What the call is made to.
    pub(crate) fn service(self) -> Service {
        match self {
            Self::ReadSalesforceSecret | Self::ReadYotpoSecret | Self::ReadSecrets => Service::Secrets,
            Self::ReadCursor
            | Self::BeginCursor
            | Self::MoveCursor
            | Self::KeepOutside
            | Self::KeepRun
            | Self::ReadCheckpoint
            | Self::SaveCheckpoint
            | Self::ReadRecords
            | Self::RecordExclusion
            | Self::MarkDay
            | Self::LookUpDue
            | Self::MarkLook
            | Self::KeepPart
            | Self::ReadPart
            | Self::Claim
            | Self::RecordOutcome
            | Self::LookUpCursor
            | Self::ReadCertificate
            | Self::ReadReading
            | Self::SaveReading
            | Self::LookUpRecords
            | Self::Confirm
            | Self::Reopen
            | Self::RecordAgain
            | Self::GiveUp
            | Self::KeepCertificate
            | Self::ReadOpen
            | Self::KeepLook
            | Self::ReachLedger => Service::Table,
            Self::SendMessages
            | Self::SendUnmapped
            | Self::Bury
            | Self::SendFreshCopy
            | Self::Hide
            | Self::ReadDepth
            | Self::SendAgain
            | Self::SendGivenUp
            | Self::ReachQueue => Service::Queue,
            Self::SalesforceToken
            | Self::SalesforceDescribe
            | Self::SalesforceQuery
            | Self::SalesforceNext
            | Self::LogIn
            | Self::LookUpObject
            | Self::QueryDay
            | Self::QueryDayOn => Service::Salesforce,
            Self::YotpoToken | Self::CreatePurchase | Self::ReadBackToken | Self::ReadBack => Service::Yotpo,
        }
    }

    /// Which effect a call to AWS is, and what it is about.
    pub(crate) fn of_aws(by: Function, operation: &str, request: &Value) -> Option<(Self, String)> {
        use Function::{Consumer, Producer, Reconciler};
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        match operation {
            "SendMessageBatch" => {
                let effect = match (by, request["QueueUrl"].as_str()?) {
                    (Producer, QUEUE) => Self::SendMessages,
                    (Producer, DEAD_LETTERS) => Self::SendUnmapped,
                    (Consumer, QUEUE) => Self::SendFreshCopy,
                    (Consumer, DEAD_LETTERS) => Self::Bury,
                    (Reconciler, QUEUE) => Self::SendAgain,
                    (Reconciler, DEAD_LETTERS) => Self::SendGivenUp,
                    _ => return None,
                };
                Some((effect, String::new()))
            }
            "GetQueueAttributes" if request["AttributeNames"] == json!(["QueueArn"]) => {
                Some((Self::ReachQueue, text("QueueUrl")))
            }
            "ChangeMessageVisibilityBatch" if by == Consumer => Some((Self::Hide, String::new())),
            "GetSecretValue" => match by {
                Producer => Some((Self::ReadSalesforceSecret, text("SecretId"))),
                Consumer => Some((Self::ReadYotpoSecret, text("SecretId"))),
                Reconciler => Some((Self::ReadSecrets, text("SecretId"))),
            },
            "BatchGetItem" if by == Producer => Some((Self::ReadRecords, String::new())),
            "BatchGetItem" => Some((Self::LookUpRecords, String::new())),
            "GetQueueAttributes" if by == Reconciler => Some((Self::ReadDepth, String::new())),
            "Query" if by == Reconciler => Some((Self::ReadOpen, text("IndexName"))),
            "GetItem" | "UpdateItem" => {
                let key = request["Key"]["k"]["S"].as_str()?;
                if operation == "GetItem" && key == "check" {
                    return Some((Self::ReachLedger, key.to_owned()));
                }
                let update = text("UpdateExpression");
                let effect = match (by, operation, key.split_once('/')?.0) {
                    (Producer, "GetItem", "cursor") => Self::ReadCursor,
                    (Producer, "GetItem", "pass") => Self::ReadCheckpoint,
                    (Producer, "UpdateItem", "cursor") if update.contains("first") || update.contains("#a") => {
                        Self::BeginCursor
                    }
                    (Producer, "UpdateItem", "cursor") => Self::MoveCursor,
                    (Producer, "UpdateItem", "outside") => Self::KeepOutside,
                    (Producer, "UpdateItem", "run") => Self::KeepRun,
                    (Producer, "UpdateItem", "pass") => Self::SaveCheckpoint,
                    (Producer, "UpdateItem", "reviews") => Self::RecordExclusion,
                    (Producer, "UpdateItem", "due") => Self::MarkDay,
                    (Reconciler, "GetItem", "due") => Self::LookUpDue,
                    (Reconciler, "UpdateItem", "due") => Self::MarkLook,
                    (Reconciler, "UpdateItem", "part") => Self::KeepPart,
                    (Reconciler, "GetItem", "part") => Self::ReadPart,
                    (Consumer, "UpdateItem", "reviews") if update.contains("#token") => Self::Claim,
                    (Consumer, "UpdateItem", "reviews") => Self::RecordOutcome,
                    // No flow here takes an account's places or forgets anybody; the ledger's own tests do.
                    (Consumer, "UpdateItem", "slot" | "redacted") => Self::Claim,
                    (Consumer, "GetItem", "redacted") => Self::LookUpRecords,
                    (Reconciler, "GetItem", "cursor") => Self::LookUpCursor,
                    (Reconciler, "GetItem", "certificate") => Self::ReadCertificate,
                    (Reconciler, "GetItem", "pass") => Self::ReadReading,
                    (Reconciler, "UpdateItem", "pass") => Self::SaveReading,
                    (Reconciler, "UpdateItem", "run") => Self::KeepLook,
                    (Reconciler, "UpdateItem", "certificate") => Self::KeepCertificate,
                    (Reconciler, "UpdateItem", "reviews") if update.contains("#repairs") => Self::Reopen,
                    (Reconciler, "UpdateItem", "reviews") if writes(request, "confirmed") => Self::Confirm,
                    (Reconciler, "UpdateItem", "reviews") if writes(request, "missing") => Self::GiveUp,
                    (Reconciler, "UpdateItem", "reviews") => Self::RecordAgain,
                    _ => return None,
                };
                Some((effect, key.to_owned()))
            }
            _ => None,
        }
    }

    /// Which effect a call to a vendor is, and what it is about.
    pub(crate) fn of_vendor(by: Function, request: &Request<Bytes>) -> Option<(Self, String)> {
        use Function::{Consumer, Producer, Reconciler};
        let segments: Vec<&str> = request.uri().path().split('/').filter(|s| !s.is_empty()).collect();
        let effect = match (by, request.method(), segments.as_slice()) {
            (Producer, &Method::POST, ["services", "oauth2", "token"]) => Self::SalesforceToken,
            (Producer, &Method::GET, ["services", "data", _, "sobjects", _, "describe"]) => Self::SalesforceDescribe,
            (Producer, &Method::GET, ["services", "data", _, "query"]) => Self::SalesforceQuery,
            (Producer, &Method::GET, ["services", "data", _, "query", _]) => Self::SalesforceNext,
            (Consumer, &Method::POST, ["oauth", "token"]) => Self::YotpoToken,
            (Consumer, &Method::POST, ["apps", _, "purchases"]) => {
                let body: Value = serde_json::from_slice(request.body()).ok()?;
                return Some((Self::CreatePurchase, body["order_id"].as_str()?.to_owned()));
            }
            (Reconciler, &Method::POST, ["services", "oauth2", "token"]) => Self::LogIn,
            (Reconciler, &Method::GET, ["services", "data", _, "sobjects", _, "describe"]) => Self::LookUpObject,
            (Reconciler, &Method::GET, ["services", "data", _, "query"]) => Self::QueryDay,
            (Reconciler, &Method::GET, ["services", "data", _, "query", _]) => Self::QueryDayOn,
            (Reconciler, &Method::POST, ["oauth", "token"]) => Self::ReadBackToken,
            (Reconciler, &Method::GET, ["apps", _, "purchases"]) => Self::ReadBack,
            _ => return None,
        };
        Some((effect, segments.last().copied().unwrap_or_default().to_owned()))
    }
}

/// Whether an update writes this text.
fn writes(request: &Value, text: &str) -> bool {
    request["ExpressionAttributeValues"].as_object().is_some_and(|values| values.values().any(|v| v["S"] == text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_not_listed_has_no_name() {
        let key = json!({"Key": {"k": {"S": "reviews/1"}}});
        assert_eq!(Effect::of_aws(Function::Consumer, "UpdateItem", &key).map(|e| e.0), Some(Effect::RecordOutcome));
        assert_eq!(Effect::of_aws(Function::Consumer, "DeleteItem", &key), None);
        assert_eq!(Effect::of_aws(Function::Consumer, "GetItem", &key), None, "the consumer reads no record");
        let elsewhere = json!({"QueueUrl": "http://aws.invalid/1/another"});
        assert_eq!(Effect::of_aws(Function::Producer, "SendMessageBatch", &elsewhere), None);
    }
}
