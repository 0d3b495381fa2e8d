//! The whole stack on one machine: the AWS emulator, and `template.yaml` deployed to it with the binaries that cargo built.
//!
//! The emulator runs each function's binary as a process of this machine, without a container: it gives no isolation and
//! must never see real credentials, so its environment is made from nothing ([`Emulator::start`]).
//!
//! ```no_run
//! # async fn example() -> Result<(), local::Error> {
//! use local::{Deploy, Emulator, Profile, Workspace};
//!
//! let workspace = Workspace::here();
//! let directory = std::path::Path::new("/tmp/somewhere");
//! let emulator = Emulator::start(&workspace, directory, &[])?;
//! let stack = local::deploy(&emulator, &Deploy::new("order-relay", Profile::Dev, &workspace.relay_toml())).await?;
//! stack.put_secret("yotpo", &serde_json::json!({"stores": {}}))?;
//! let answer = stack.invoke("ReviewsProducerFunction", &serde_json::json!({"business_day": "2026-11-20"})).await?;
//! let depth = stack.queue("ReviewsQueueUrl")?.depth().await;
//! let lines = emulator.log_lines()?; // every line that every function printed
//! # Ok(()) }
//! ```

mod emulator;
mod error;
mod keeper;
mod logs;
mod memory;
mod package;
mod relay_toml;
mod stack;
mod template;
mod watch;
mod webhooks;
mod workspace;

pub use emulator::Emulator;
pub use error::Error;
pub use keeper::Keeper;
pub use logs::{Line, Tail};
pub use memory::{Memory, Peak, Process};
pub use relay_toml::{NoSuchKey, with_values};
pub use stack::{Answer, Deploy, Stack, deploy};
pub use watch::Watch;
pub use webhooks::{Answered, Post, send};
pub use workspace::{Profile, Workspace};
