//! Who is asking, and whether they may do what relay's commands do. What changes something is tried so that it cannot.

use super::list::List;
use aws_config::SdkConfig;
use reviews::{FLOW, operate::Operator};
use std::error::Error as StdError;

/// What grants it.
const POLICY: &str = "infra/operator.yaml has a policy that allows it";

/// The caller's identity, as AWS knows it.
pub(super) async fn who(aws: &SdkConfig) -> List {
    let mut list = List::new("caller");
    let asked = aws_sdk_sts::Client::new(aws).get_caller_identity().send().await;
    let region = aws.region().map(ToString::to_string).unwrap_or_default();
    match asked {
        Ok(who) => {
            let (arn, account) = (who.arn().unwrap_or("?"), who.account().unwrap_or("?"));
            list.noted("identity", format!("{arn}, account {account}, region {region}"));
        }
        Err(error) => list.cross(
            "identity",
            crate::failure::chain(&error),
            Some("are AWS's credentials set and valid?".to_owned()),
        ),
    }
    list
}

/// What the commands need. The queues are reached, functions invoked and secrets read by other groups.
pub(super) async fn permissions(operator: &Operator) -> List {
    let Operator { ledger, queue, dead_letters, .. } = operator;
    let (get, batch, query, update, delete, hide) = tokio::join!(
        ledger.reach(),
        ledger.may_read(),
        ledger.open(FLOW),
        ledger.may_write(),
        both(queue.may_delete(), dead_letters.may_delete()),
        both(queue.may_hide(), dead_letters.may_hide()),
    );
    let mut list = List::new("caller");
    may(&mut list, "dynamodb:GetItem", get);
    may(&mut list, "dynamodb:BatchGetItem", batch);
    may(&mut list, "dynamodb:Query", query);
    may(&mut list, "dynamodb:UpdateItem", update);
    may(&mut list, "sqs:DeleteMessage", delete);
    may(&mut list, "sqs:ChangeMessageVisibility", hide);
    list.untried(
        "sqs:ReceiveMessage, sqs:SendMessage",
        "not tried, since trying would count a receive or send something",
    );
    list
}

async fn both<E>(
    one: impl Future<Output = Result<(), E>>,
    other: impl Future<Output = Result<(), E>>,
) -> Result<(), E> {
    let (one, other) = tokio::join!(one, other);
    one.and(other)
}

fn may<T, E: StdError + 'static>(list: &mut List, action: &str, tried: Result<T, E>) {
    list.tried(action, tried, || Some(format!("{action}: {POLICY}")));
}

/// The queues and the ledger, reached from here, and what waits for somebody.
pub(super) async fn queues(operator: &Operator) -> List {
    let (queue, letters, ledger) =
        tokio::join!(operator.queue.depth(), operator.dead_letters.depth(), operator.ledger.reach());
    let mut list = List::new("queues and ledger");
    let policy = |action: &str| Some(format!("{action}: {POLICY}"));
    list.tried("queue", queue, || policy("sqs:GetQueueAttributes"));
    match letters {
        Ok(depth) if depth.total() > 0 => {
            list.noted("dead-letter queue", format!("{} messages; see `relay dlq list`", depth.total()));
        }
        letters => drop(list.tried("dead-letter queue", letters, || policy("sqs:GetQueueAttributes"))),
    }
    list.tried("ledger", ledger, || policy("dynamodb:GetItem"));
    list
}
