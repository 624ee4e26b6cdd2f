//! Measuring deployed steps: the same interleaved rounds as in the lab, each after a change of the configuration, so that
//! it begins with a cold start.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use lab_lambda::Report;
use lab_results::schema::{Measurement, Round};

use super::cli::Cli;
use super::connection::{Answer, Connection};
use super::function::{self, Configuration};
use super::outputs::Deployed;
use super::reports;
use super::rounds::{SentRound, join};
use crate::contract;
use crate::measure::Extent;
use crate::target::Target;
use lab_workspace::progress::Progress;

/// A path that no step's API has: API Gateway answers by itself, and says what time it is there.
pub const NO_ROUTE: &str = "/no-route";

/// API Gateway's own answer above the throttle that the step is deployed with.
const TOO_MANY: u16 = 429;

/// A deployed step that answers as it should.
pub struct Prepared {
    /// The step.
    pub target: Target,
    /// Where it is.
    pub deployed: Deployed,
    cli: Cli,
    configuration: Configuration,
    /// By AWS's clock, before the first of our requests.
    begin: SystemTime,
}

/// What was measured.
pub struct Measured {
    /// By the step's name.
    pub measurements: BTreeMap<String, Measurement>,
    /// The rounds that each of them has: those that began cold for all.
    pub rounds: u32,
    /// Some requests left a trace, and took the time that this takes.
    pub traces_sampled: bool,
    /// What a reader of the numbers should know.
    pub remarks: Vec<String>,
}

/// What was sent to one function, round by round.
type Rounds = Vec<SentRound>;

/// What was sent to all functions.
pub struct Sent {
    rounds: Vec<Rounds>,
    remarks: Vec<String>,
}

impl Prepared {
    /// Calls a deployed step once, checks what it answers and that its REPORT line can be read.
    pub async fn check(target: &Target, deployed: &Deployed) -> Result<Self> {
        let name = &target.name;
        let cli = Cli::new(&deployed.region);
        let configuration = function::configuration(&cli, &deployed.function_name).await?;
        let mut connection = Connection::open(&deployed.url).await?;
        let begin = connection.get_path(NO_ROUTE).await?.date;
        let begin = begin.with_context(|| format!("{} sends no Date", deployed.url))?;
        let answer = ok(name, connection.get().await?)?;
        if target.serves_stadiums() {
            contract::check(&answer.body).with_context(|| {
                format!("{name} does not answer with the stadiums, so its speed means nothing")
            })?;
        }
        reports::of(&cli, &deployed.log_group(), begin, 1).await?;
        Ok(Self {
            target: target.clone(),
            deployed: deployed.clone(),
            cli,
            configuration,
            begin,
        })
    }

    async fn round(&self, number: u32, extent: &Extent) -> Result<SentRound> {
        let name = &self.target.name;
        let description = format!("cargo lab: cold start {number}");
        function::change(&self.cli, &self.deployed.function_name, &description).await?;
        let mut connection = Connection::open(&self.deployed.url).await?;
        let mut sent = SentRound {
            first: ok(name, connection.get().await?)?.latency,
            ..SentRound::default()
        };
        for _ in 0..extent.paced {
            tokio::time::sleep(extent.gap).await;
            sent.warm.push(ok(name, connection.get().await?)?.latency);
        }
        let begin = Instant::now();
        while sent.closed.len() < extent.closed as usize && begin.elapsed() < extent.closed_time {
            let answer = connection.get().await?;
            if answer.status == TOO_MANY {
                sent.throttled = true;
                break;
            }
            sent.closed.push(ok(name, answer)?.latency);
        }
        sent.elapsed = begin.elapsed();
        Ok(sent)
    }

    async fn reports(&self, rounds: &Rounds) -> Result<Vec<Report>> {
        // The first one is the check's.
        let requests = 1 + rounds.iter().map(SentRound::requests).sum::<usize>();
        let group = self.deployed.log_group();
        let mut reports = reports::of(&self.cli, &group, self.begin, requests).await?;
        Ok(reports.split_off(1))
    }

    fn measurement(&self, rounds: Vec<Round>) -> Measurement {
        let configuration = &self.configuration;
        Measurement {
            title: self.target.title.clone(),
            from: self.target.from.clone(),
            floor: self.target.floor.clone(),
            memory_mb: configuration.memory_size,
            memory_overridden: configuration.memory_size != self.target.memory_mb,
            architecture: configuration.architectures.join(", "),
            measured_on: None,
            binary_bytes: None,
            zip_bytes: configuration.code_size,
            keeps_contract: None,
            rounds,
        }
    }
}

/// Sends what is measured. The n-th rounds of all functions run next to each other, in an order that changes each time.
/// At the end, and where `interrupted` comes first, the functions get their descriptions back; a second interruption leaves
/// that undone. None where it was interrupted.
pub async fn send(
    functions: &[Prepared],
    extent: &Extent,
    progress: &mut Progress,
    mut interrupted: impl AsyncFnMut(),
) -> Result<Option<Sent>> {
    let rounds = tokio::select! {
        rounds = send_rounds(functions, extent, progress) => Some(rounds),
        () = interrupted() => None,
    };
    progress.update("restoring the functions' descriptions");
    let after_interruption = rounds.is_none();
    let remarks = tokio::select! {
        remarks = restore(functions, after_interruption) => remarks,
        () = interrupted() => bail!("interrupted before all functions had their descriptions back"),
    };
    match rounds {
        Some(rounds) => Ok(Some(Sent {
            rounds: rounds?,
            remarks,
        })),
        None if remarks.is_empty() => Ok(None),
        None => bail!("interrupted; {}", remarks.join("; ")),
    }
}

/// Says which functions keep another description.
async fn restore(functions: &[Prepared], after_interruption: bool) -> Vec<String> {
    let mut remarks = Vec::new();
    for prepared in functions {
        let name = &prepared.deployed.function_name;
        let before = &prepared.configuration.description;
        let restored = async {
            if after_interruption {
                // Lambda refuses a change while another one is under way.
                function::settled(&prepared.cli, name).await?;
            }
            function::change(&prepared.cli, name, before).await
        };
        if let Err(error) = restored.await {
            remarks.push(format!("{name} keeps another description: {error:#}"));
        }
    }
    remarks
}

/// Reads the REPORT lines and puts them together with what was sent.
pub async fn measurements(
    functions: &[Prepared],
    sent: Sent,
    progress: &mut Progress,
) -> Result<Measured> {
    let Sent {
        rounds: sent,
        mut remarks,
    } = sent;
    progress.update("waiting for the REPORT lines");
    let mut reports = Vec::new();
    for (prepared, rounds) in functions.iter().zip(&sent) {
        reports.push(prepared.reports(rounds).await?);
    }
    let traces_sampled = reports
        .iter()
        .flatten()
        .any(|report| report.trace.is_some());
    let measurements = put_together(functions, &sent, &reports, &mut remarks)?;
    let rounds = measurements.values().map(|it| it.rounds.len()).max();
    Ok(Measured {
        measurements,
        rounds: rounds.unwrap_or_default() as u32,
        traces_sampled,
        remarks,
    })
}

async fn send_rounds(
    functions: &[Prepared],
    extent: &Extent,
    progress: &mut Progress,
) -> Result<Vec<Rounds>> {
    let mut sent: Vec<Rounds> = functions.iter().map(|_| Vec::new()).collect();
    for number in 0..extent.rounds {
        for position in 0..functions.len() {
            let index = (number as usize + position) % functions.len();
            let name = &functions[index].target.name;
            progress.update(format!("round {} of {}: {name}", number + 1, extent.rounds));
            let round = functions[index].round(number + 1, extent).await;
            sent[index].push(round.with_context(|| name.clone())?);
        }
    }
    Ok(sent)
}

/// Rounds of the same number stay side by side: one that began warm for one step is left out for all.
fn put_together(
    functions: &[Prepared],
    sent: &[Rounds],
    reports: &[Vec<Report>],
    remarks: &mut Vec<String>,
) -> Result<BTreeMap<String, Measurement>> {
    let mut joined: Vec<Vec<Option<Round>>> = Vec::new();
    for ((prepared, rounds), reports) in functions.iter().zip(sent).zip(reports) {
        let mut reports = &reports[..];
        let mut cold_among_warm = 0;
        let mut own = Vec::new();
        if rounds.iter().any(|round| round.throttled) {
            let name = &prepared.target.name;
            remarks.push(format!(
                "{name}: the throttle of its API ended the requests without a pause early: `npm run deploy -- {name} -c rate=200`"
            ));
        }
        for round in rounds {
            let (these, rest) = reports.split_at(round.requests());
            let round = join(round, these);
            cold_among_warm += round.cold_among_warm;
            own.push(round.round);
            reports = rest;
        }
        if cold_among_warm > 0 {
            remarks.push(format!(
                "{}: {cold_among_warm} of the warm requests started another environment and are left out",
                prepared.target.name
            ));
        }
        joined.push(own);
    }
    let count = joined.first().map_or(0, Vec::len);
    let complete = |number: &usize| joined.iter().all(|own| own[*number].is_some());
    let kept: Vec<usize> = (0..count).filter(complete).collect();
    ensure!(
        !kept.is_empty(),
        "no round began with a cold start: the old environments were still used after the change of the configuration"
    );
    if kept.len() < count {
        remarks.push(format!(
            "{} of {count} rounds are left out: a step was still answered by an environment from before",
            count - kept.len()
        ));
    }
    let measured = functions.iter().zip(joined).map(|(prepared, mut own)| {
        let rounds = kept
            .iter()
            .filter_map(|number| own[*number].take())
            .collect();
        (prepared.target.name.clone(), prepared.measurement(rounds))
    });
    Ok(measured.collect())
}

fn ok(name: &str, answer: Answer) -> Result<Answer> {
    if answer.status != 200 {
        bail!(
            "the answer of {name} is {}: {}. infra/README.md, When something goes wrong, knows the usual causes",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
    }
    Ok(answer)
}
