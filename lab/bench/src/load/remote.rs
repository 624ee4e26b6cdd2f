//! A URL, or a deployed step, under load.

use anyhow::{Result, bail};
use lab_results::load::Loaded;

use super::client::{Client, Right};
use super::http::Pool;
use super::send::{Sample, Seen, send};
use super::strategy::Strategy;
use super::summary::summary;
use crate::contract;
use lab_workspace::progress::Progress;

/// Sends the strategy to a server. `stadiums` asks that every answer is the same, and the stadiums.
pub async fn load(
    url: &str,
    stadiums: bool,
    strategy: &Strategy,
    progress: &mut Progress,
) -> Result<(Loaded, Vec<Sample>)> {
    let url = format!("{}{}", url.trim_end_matches('/'), strategy.path);
    progress.update("checking that it answers");
    let client = Client::Http(Pool::new(url.clone()));
    let right = check(&client, &url, stadiums, strategy).await?;
    let (_, seen) = send(strategy, client, right, progress).await?;
    let mut loaded = summary(strategy, &seen);
    // Nobody here knows.
    loaded.series.cold_starts.clear();
    let Seen { samples, .. } = seen;
    Ok((loaded, samples))
}

async fn check(client: &Client, url: &str, stadiums: bool, strategy: &Strategy) -> Result<Right> {
    let reply = match client.get(&strategy.path).await {
        Ok(reply) => reply,
        Err(error) => bail!("{url} does not answer: {error}"),
    };
    let mut right = Right {
        expect: strategy.expect.clone(),
        ..Right::default()
    };
    if let Some(wrong) = right.wrong(&reply) {
        bail!("{url} does not answer as the strategy expects, before there is any load: {wrong}");
    }
    if stadiums && strategy.path == "/" {
        contract::check(&reply.body)?;
        right.body = Some(reply.body);
    }
    Ok(right)
}
