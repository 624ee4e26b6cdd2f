//! The REPORT lines of a deployed function, from CloudWatch Logs.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use lab_lambda::Report;
use serde::Deserialize;

use super::cli::Cli;
use super::wait::Pauses;

/// Before the first look, and what the pauses grow to. Lines take seconds until they can be found, and a whole account may ask
/// for log events five times a second (docs.aws.amazon.com/AmazonCloudWatch/latest/logs, quotas, `FilterLogEvents`).
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Until they are given up.
const TIMEOUT: Duration = Duration::from_mins(3);
/// Lambda's own lines; a function's logs may hold the word alone.
const PATTERN: &str = "\"REPORT RequestId\"";

/// The answer of `aws logs filter-log-events`, whose pages the CLI puts together.
#[derive(Deserialize)]
struct Events {
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    /// When the line was written, milliseconds since 1970.
    timestamp: u64,
    message: String,
}

/// The command that asks for the lines since `since`, milliseconds since 1970.
pub fn command<'a>(log_group: &'a str, since: &'a str) -> [&'a str; 8] {
    [
        "logs",
        "filter-log-events",
        "--log-group-name",
        log_group,
        "--filter-pattern",
        PATTERN,
        "--start-time",
        since,
    ]
}

/// The lines since then that can be found by now, in the order of the invocations' ends.
pub async fn since(cli: &Cli, log_group: &str, begin: SystemTime) -> Result<Vec<Report>> {
    let begin = begin.duration_since(UNIX_EPOCH)?.as_millis().to_string();
    let answer = cli.call(&command(log_group, &begin)).await?;
    let mut events: Events = serde_json::from_value(answer)
        .with_context(|| format!("the log events of {log_group} have another shape"))?;
    events.events.sort_by_key(|event| event.timestamp);
    let reports = events.events.iter().map(|event| event.message.parse());
    Ok(reports.collect::<Result<_, _>>()?)
}

/// Waits until the lines of `count` invocations since then can be found.
pub async fn of(
    cli: &Cli,
    log_group: &str,
    begin: SystemTime,
    count: usize,
) -> Result<Vec<Report>> {
    let found = wait_for(cli, log_group, begin, (count, "requests")).await?;
    if found.len() > count {
        bail!(
            "{log_group} has {} REPORT lines for {count} requests: somebody else calls the function. Measure when \
             nobody does",
            found.len()
        );
    }
    Ok(found)
}

/// Waits until the lines of `count` invocations can be found, and one look longer: others may have left some, too.
pub async fn at_least(
    cli: &Cli,
    log_group: &str,
    begin: SystemTime,
    count: usize,
) -> Result<Vec<Report>> {
    wait_for(cli, log_group, begin, (count, "right answers")).await?;
    Pauses::new(FIRST_PAUSE, LONGEST_PAUSE).pause().await;
    since(cli, log_group, begin).await
}

/// Waits, looks, and waits longer, until there are as many lines, or more.
async fn wait_for(
    cli: &Cli,
    log_group: &str,
    begin: SystemTime,
    (count, of_what): (usize, &str),
) -> Result<Vec<Report>> {
    let asked = Instant::now();
    let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        pauses.pause().await;
        let found = since(cli, log_group, begin).await?;
        if found.len() >= count {
            return Ok(found);
        }
        if asked.elapsed() > TIMEOUT {
            bail!(
                "{log_group} has {} REPORT lines for {count} {of_what} after {} s: the function's log format must be \
                 Text, and its role must be allowed to log",
                found.len(),
                TIMEOUT.as_secs()
            );
        }
    }
}
