//! A deployed function's configuration, and the change that makes its next start cold.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::cli::Cli;
use super::wait::Pauses;

/// Before the first look at whether a change is through, and what the pauses grow to.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// AWS says that a change may take a minute where the function is in a VPC (the CLI's reference, update-function-configuration).
const TIMEOUT: Duration = Duration::from_mins(3);

/// What the measurement must know of a function's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Configuration {
    /// Memory size, MiB.
    pub memory_size: u32,
    /// One: `x86_64` or `arm64`.
    pub architectures: Vec<String>,
    /// Size of the deployment package, bytes.
    pub code_size: u64,
    /// A few words; they are what is changed.
    #[serde(default)]
    pub description: String,
    /// `Successful`, `InProgress` or `Failed`.
    pub last_update_status: String,
    /// Why it failed.
    #[serde(default)]
    pub last_update_status_reason: String,
}

/// The function's configuration as it stands.
pub async fn configuration(cli: &Cli, function: &str) -> Result<Configuration> {
    let answer = cli.call(&configuration_command(function)).await?;
    serde_json::from_value(answer)
        .with_context(|| format!("the configuration of {function} has another shape"))
}

/// The command that asks for a function's configuration: by `GetFunction`, which an account may call 100 times a second, while
/// `GetFunctionConfiguration` shares 15 with all other calls (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
pub fn configuration_command(function: &str) -> [&str; 6] {
    [
        "lambda",
        "get-function",
        "--function-name",
        function,
        "--query",
        "Configuration",
    ]
}

/// The command that changes a function's description. Any change of the configuration retires the execution
/// environments; the description is what a function cannot notice.
pub fn change_command<'a>(function: &'a str, description: &'a str) -> [&'a str; 6] {
    [
        "lambda",
        "update-function-configuration",
        "--function-name",
        function,
        "--description",
        description,
    ]
}

/// Changes the description and waits until Lambda handles events with the new configuration.
pub async fn change(cli: &Cli, function: &str, description: &str) -> Result<()> {
    cli.call(&change_command(function, description)).await?;
    settled(cli, function).await
}

/// Waits until no change of the configuration is under way.
pub async fn settled(cli: &Cli, function: &str) -> Result<()> {
    let begin = Instant::now();
    let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        pauses.pause().await;
        let now = configuration(cli, function).await?;
        match now.last_update_status.as_str() {
            "Successful" => return Ok(()),
            "Failed" => bail!(
                "the configuration of {function} could not be changed: {}",
                now.last_update_status_reason
            ),
            status if begin.elapsed() > TIMEOUT => bail!(
                "the change of {function}'s configuration is {status} after {} s: look at it in the console",
                TIMEOUT.as_secs()
            ),
            _ => {}
        }
    }
}
