//! Who is asking, and whether they may do what relay's commands do. What changes something is tried so that it cannot.

use crate::{flow::Flow, operator::Operator, part::Part};
use aws_config::SdkConfig;
use futures_util::future::try_join_all;
use queue::Queue;
use std::error::Error as StdError;

/// The caller's identity, as AWS knows it.
pub(super) async fn who(aws: &SdkConfig) -> Part {
    let name = "identity";
    match aws_sdk_sts::Client::new(aws).get_caller_identity().send().await {
        Ok(who) => {
            let region = aws.region().map(ToString::to_string).unwrap_or_default();
            let (arn, account) = (who.arn().unwrap_or("?"), who.account().unwrap_or("?"));
            Part::noted(name, format!("{arn}, account {account}, region {region}"))
        }
        error => Part::tried(name, &error).hint("are AWS's credentials set and valid?"),
    }
}

/// What the commands need. Functions are invoked and secrets read by other groups.
pub(super) async fn permissions(operators: &[(Flow, Operator)]) -> Vec<Part> {
    let Some((_, Operator { ledger, .. })) = operators.first() else { return Vec::new() };
    let queues: Vec<&Queue> = operators.iter().flat_map(|(_, at)| [&at.queue, &at.dead_letters]).collect();
    let (get, batch, query, update, depth, delete, hide) = tokio::join!(
        ledger.reach(),
        ledger.may_read(),
        ledger.open(),
        ledger.may_write(),
        try_join_all(queues.iter().map(|queue| queue.reach())),
        try_join_all(queues.iter().map(|queue| queue.may_delete())),
        try_join_all(queues.iter().map(|queue| queue.may_hide())),
    );
    vec![
        may("dynamodb:GetItem", &get),
        may("dynamodb:BatchGetItem", &batch),
        may("dynamodb:Query", &query),
        may("dynamodb:UpdateItem", &update),
        may("sqs:GetQueueAttributes", &depth),
        may("sqs:DeleteMessage", &delete),
        may("sqs:ChangeMessageVisibility", &hide),
        Part::open(
            "sqs:ReceiveMessage, sqs:SendMessage",
            "not tried, since trying would count a receive or send something",
        ),
    ]
}

fn may<T>(action: &str, tried: &Result<T, impl StdError + 'static>) -> Part {
    Part::tried(action, tried).hint(format!("{action}: infra/operator.yaml has a policy that allows it"))
}
