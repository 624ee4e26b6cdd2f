//! Does this machine really hold a process to its CPU share? Asked of the machine itself.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::logs::Log;
use super::process::Launch;
use crate::platform::Platform;

/// Two loops that never sleep: one alone cannot use the share that more than 1,769 MiB buy.
const SPIN: &str = "while :; do :; done & while :; do :; done";

/// The share of one CPU that processes which never sleep get in an environment of this memory size, to compare with
/// [`Platform::quota`] over the period. Takes `duration`. `None` where nothing is limited.
pub async fn cpu_share_got(
    platform: &Platform,
    memory_mb: u32,
    duration: Duration,
) -> io::Result<Option<f64>> {
    let Some(group) = platform.limits.group(memory_mb)? else {
        return Ok(None);
    };
    group.set_cpu_quota(platform.quota(memory_mb), platform.cpu_period)?;
    let lease = platform.placement.lease();
    let launch = Launch {
        path: Path::new("/bin/sh"),
        arguments: &["-c", SPIN],
        source: "spin",
        variables: Vec::new(),
        listener: None,
        group: Some(&group),
        cpus: lease.cpus,
        open_files: platform.open_files,
        opt: None,
        log: &Log::new(None),
    };
    let mut spinning = launch.start()?;
    let (start, before) = (Instant::now(), group.cpu_time());
    tokio::time::sleep(duration).await;
    let got = (group.cpu_time() - before).as_secs_f64() / start.elapsed().as_secs_f64();
    spinning.child.kill().await?;
    Ok(Some(got))
}
