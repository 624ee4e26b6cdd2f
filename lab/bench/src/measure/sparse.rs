//! Traffic that is seconds apart: one environment of every target waits at the same time, so that a round takes as long as
//! for one. Each is invoked alone, in its turn, with the cache server's contents that its own invocations left.

use anyhow::{Context as _, Result};
use lab_lambda::Environment;
use lab_results::schema::Round;
use lab_services::Counts;
use lab_workspace::progress::Progress;
use tokio::time::{Instant, sleep_until};

use super::{Extent, Prepared, Series, cold, shuffled, with_warm};
use crate::testbed::Testbed;

/// A target's environment in this round, frozen between its invocations.
struct Waiting<'a> {
    prepared: &'a Prepared,
    environment: Environment,
    round: Round,
    warm: Series,
    counts: Counts,
    /// The cache server's database that holds what this one's invocations left.
    database: u32,
}

/// The rounds of all targets, in their order.
pub async fn rounds(
    lab: &Testbed,
    targets: &[Prepared],
    extent: &Extent,
    progress: &mut Progress,
) -> Result<Vec<Vec<Round>>> {
    let mut rounds: Vec<Vec<Round>> = targets.iter().map(|_| Vec::new()).collect();
    let mut random = fastrand::Rng::with_seed(extent.seed);
    for number in 1..=extent.rounds {
        let of = extent.rounds;
        let order = shuffled(&mut random, targets.len());
        let mut waiting = Vec::new();
        for (index, database) in order.iter().zip(1..) {
            let prepared = &targets[*index];
            progress.update(format!(
                "round {number} of {of}: {} starts",
                prepared.target.name
            ));
            let started = start(lab, prepared, database).await;
            waiting.push(started.with_context(|| prepared.target.name.clone())?);
        }
        let begin = Instant::now();
        for request in 0..=extent.paced {
            let (count, gap) = (extent.paced, extent.gap);
            progress.update(format!(
                "round {number} of {of}: request {request} of {count} to each, {gap:?} apart"
            ));
            for (turn, one) in waiting.iter_mut().enumerate() {
                let offset = gap.mul_f64(turn as f64 / order.len() as f64);
                sleep_until(begin + gap * (request + 1) + offset).await;
                let invoked = one.invoke(lab, request).await;
                invoked.with_context(|| one.prepared.target.name.clone())?;
            }
        }
        for (index, one) in order.iter().zip(waiting) {
            rounds[*index].push(one.end(lab).await);
        }
    }
    Ok(rounds)
}

/// Starts an environment, invokes it for the first time and freezes it.
async fn start<'a>(lab: &Testbed, prepared: &'a Prepared, database: u32) -> Result<Waiting<'a>> {
    lab.services.cache().exchange(database).await?;
    let (mut environment, round) = cold(lab, prepared).await?;
    environment.freeze();
    lab.services.cache().exchange(database).await?;
    Ok(Waiting {
        prepared,
        environment,
        round,
        warm: Series::default(),
        counts: Counts::default(),
        database,
    })
}

impl Waiting<'_> {
    /// Invokes it with what it left in the cache. The request numbered 0 comes longer after the one before it than the
    /// others, since the environments started one after the other: it is not kept.
    async fn invoke(&mut self, lab: &Testbed, request: u32) -> Result<()> {
        let cache = lab.services.cache();
        cache.exchange(self.database).await?;
        let start = lab.services.counts();
        let mut series = Series::default();
        let event = self.prepared.target.events.at(request as usize);
        series.thaw(&mut self.environment).await;
        series.invoke(&mut self.environment, event).await?;
        lab.services.settle().await;
        self.environment.freeze();
        cache.exchange(self.database).await?;
        if request > 0 {
            self.counts += lab.services.counts() - start;
            self.warm.add(series);
        }
        Ok(())
    }

    /// Ends it: what was measured of it.
    async fn end(mut self, lab: &Testbed) -> Round {
        self.environment.thaw().await;
        self.environment.shutdown().await;
        Round {
            max_memory_mib: self.warm.peak_memory_mib().unwrap_or_default(),
            ..with_warm(lab, self.round, &self.warm, &self.counts)
        }
    }
}
