//! How true the model and the statistics are on this machine: `cargo bench --profile lab -p lab --bench truth`, or only
//! some of its tables: `... --bench truth -- share delays`. Keep the machine quiet meanwhile.
//!
//! | table | question |
//! |---|---|
//! | share | does an environment get the CPU share that its memory size buys, and in which portions? |
//! | init | is the init phase as fast with little memory as with much? |
//! | delays | are the modelled delays as long as they are meant to be? |
//! | intervals | is a step that did not change called unchanged, and one that is 5 % slower found out? |

mod intervals;
mod physics;
mod worker;

use anyhow::{Result, bail};
use lab::programs;
use lab_bench::testbed::{Setup, Testbed};
use lab_workspace::Workspace;

const TABLES: [&str; 4] = ["share", "init", "delays", "intervals"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    // `cargo bench` itself passes `--bench`.
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let Some(unknown) = asked.iter().find(|name| !TABLES.contains(&name.as_str())) {
        bail!(
            "there is no table {unknown}; the tables are: {}",
            TABLES.join(", ")
        );
    }
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);

    let workspace = Workspace::load()?;
    let worker = worker::build(&workspace).await?;
    let lab = Testbed::start(Setup {
        workspace: &workspace,
        profile: "region",
        parameter_quota: None,
        programs: programs::ensure(true).await?,
    })
    .await?;
    println!(
        "{}, limits: {}",
        lab.platform.placement.describe(),
        lab.platform.limits.how()
    );
    if wanted("share") {
        physics::share(&lab, &worker).await?;
    }
    if wanted("init") {
        physics::init(&lab, &workspace).await?;
    }
    if wanted("delays") {
        physics::delays().await?;
    }
    if wanted("intervals") {
        intervals::table(&lab, &workspace, &worker).await?;
    }
    lab.stop().await;
    Ok(())
}
