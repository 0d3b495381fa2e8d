//! What a function says: JSON logs, metrics in CloudWatch's embedded metric format
