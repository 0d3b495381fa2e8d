//! Yotpo Reviews, the "v1" purchases API. Facts: <https://core-api.yotpo.com/v1.0/reference/introduction-to-purchases>,
//! <https://support.yotpo.com/docs/troubleshooting-orders-that-arent-created-when-using-api-calls>.

mod accounts;
mod arrival;
mod check;
mod endpoints;
mod error;
mod handle;
mod purchases;
mod read;
mod routes;
mod settings;
mod token;
mod utokens;

pub use arrival::{Arrival, Sums};
pub use endpoints::*;
pub use handle::Yotpo;
pub use settings::{Settings, SinceDate};
