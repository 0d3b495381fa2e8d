//! What every command takes, and what it leaves for whoever ends it.

use crate::{deployed::Settings, failure::Failure, flow::Flow};
use clap::Args;
use std::{
    cell::{OnceCell, RefCell},
    path::PathBuf,
    rc::Rc,
};

/// What every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Options {
    /// Name of the CloudFormation stack
    #[arg(long, global = true, env = "RELAY_STACK", default_value = "order-relay", value_name = "NAME")]
    pub(crate) stack: String,
    /// Settings that may differ from the deployed ones; without it, those that the stack hands out
    #[arg(long, global = true, env = "RELAY_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One flow; without it, all of them
    #[arg(long, global = true)]
    pub(crate) flow: Option<Flow>,
    /// One JSON value on standard output instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[arg(skip)]
    pub(crate) context: Rc<Context>,
}

/// What a command finds out on the way, for whoever ends it.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// The settings, once the deployed functions were asked for theirs.
    pub(crate) settings: OnceCell<Settings>,
    /// What was done so far, and how to go on, in sentences: for whoever interrupts it.
    done: RefCell<Option<(String, &'static str)>>,
}

impl Context {
    /// Notes what was done so far, and how to go on from there.
    pub(crate) fn so_far(&self, done: impl Into<String>, go_on: &'static str) {
        *self.done.borrow_mut() = Some((done.into(), go_on));
    }

    /// What an interruption is told as.
    pub(crate) fn interrupted(&self) -> Failure {
        match self.done.take() {
            Some((done, go_on)) => Failure::interrupted(done).hint(go_on),
            None => Failure::interrupted("nothing was changed"),
        }
    }
}
