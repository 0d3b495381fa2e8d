//! End to end, and the rules of the design as tests. One package, one binary.
//!
//! The end-to-end tests deploy `template.yaml` with the real binaries to an emulator of their own and speak to simulators of
//! the vendors. What they assert is what the vendors saw, never what the ledger says.

#[cfg(test)]
mod arrows;
#[cfg(test)]
mod circles;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod erp;
#[cfg(test)]
mod ledger_on_dynamodb;
#[cfg(test)]
mod observability;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod queue_on_sqs;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod reviews;
#[cfg(test)]
mod stacks;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod template;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod words;
