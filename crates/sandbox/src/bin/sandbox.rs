//! The sandbox standing alone, for development with `cargo lambda watch`: prints its address and runs until Ctrl-C.

use std::net::{Ipv4Addr, SocketAddr};

use chrono::{Days, NaiveDate, Utc};
use clap::Parser;
use sandbox::{DaySpec, Fault, Sandbox, TimeZone, local_date};

/// Simulators of Salesforce and Yotpo Reviews on a loopback port.
#[derive(Parser)]
struct Arguments {
    /// Port; 0 for any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The same seed, the same orders and the same faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Orders to generate; 0 for an empty org
    #[arg(long, default_value_t = 100)]
    orders: usize,
    /// Business day of the orders, YYYY-MM-DD; yesterday if not given
    #[arg(long)]
    day: Option<NaiveDate>,
    /// Time zone of the business day
    #[arg(long, default_value = "America/New_York", value_parser = zone)]
    zone: TimeZone,
    /// With the demo's faults
    #[arg(long)]
    faults: bool,
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "expected a name of the IANA time zone database, such as Europe/Berlin".to_owned())
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a command that tells where it listens")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let sandbox = Sandbox::start(arguments.seed, addr).await?;
    let yesterday = local_date(&arguments.zone, Utc::now()) - Days::new(1);
    let day = arguments.day.unwrap_or(yesterday);
    if arguments.orders > 0 {
        sandbox.seed_day(&DaySpec::new(arguments.seed, day, arguments.zone.clone(), arguments.orders))?;
    }
    if arguments.faults {
        for rule in Fault::demo(arguments.seed) {
            sandbox.add_fault(rule);
        }
    }
    println!("listening on {} (see /_sandbox/report)", sandbox.base_url());
    println!(
        "business day {day} in {}: {} orders",
        arguments.zone.iana_name().unwrap_or_default(),
        sandbox.report().orders
    );
    println!("secret for Salesforce: {}", sandbox.salesforce.secret());
    println!("secret for Yotpo: {}", sandbox.yotpo.secret(&[("default", "sandbox-default")]));
    println!("secret for NetSuite: {}", sandbox.netsuite.secret());
    println!("secret for Shopify: {}", sandbox.shopify.secret(&["sandbox.myshopify.com"]));
    tokio::signal::ctrl_c().await?;
    sandbox.shutdown().await;
    Ok(())
}
