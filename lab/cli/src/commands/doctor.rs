//! `lab doctor`: is everything here, and how true will the numbers be on this machine?

use anyhow::Result;
use clap::Args;

/// Look for what the lab needs, and measure how true its numbers will be on this machine.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Unpack private copies of missing programs
    #[arg(long)]
    fix: bool,
}

impl Doctor {
    /// Looks and prints.
    pub async fn run(self) -> Result<()> {
        Ok(())
    }
}
