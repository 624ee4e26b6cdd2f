//! A step under load in the emulated service of this process.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result, bail};
use lab_lambda::{Function, LogLine, Scaling, Service};
use lab_results::load::Loaded;
use lab_services::Counts;

use super::client::{Client, Right};
use super::send::{Sample, Seen, send};
use super::strategy::Strategy;
use super::summary::summary;
use crate::contract;
use crate::log::complaint;
use crate::target::Target;
use crate::testbed::{Testbed, scaling};
use lab_workspace::progress::Progress;

/// Different complaints that are kept; the others are counted together.
const COMPLAINTS: usize = 6;

/// What the account allows.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// Environments at a time.
    pub concurrency: u32,
    /// Requests per second that Parameter Store answers.
    pub parameter_quota: u32,
}

/// Before what ended an invocation whose client had its answer.
const BEHIND: &str = "answered, and behind the answer the invocation failed: ";

type Complaints = Arc<Mutex<BTreeMap<String, u64>>>;

/// Puts a step under load, from no environment on.
pub async fn load(
    lab: &Testbed,
    (target, executable): (&Target, &Path),
    strategy: &Strategy,
    account: Account,
    progress: &mut Progress,
) -> Result<(Loaded, Vec<Sample>)> {
    let scaling = Scaling {
        account_concurrency: account.concurrency,
        ..scaling(&lab.facts)?
    };
    progress.update("checking that it answers");
    lab.before_cold_start(target).await?;
    lab.services.parameters().set_quota(None);
    let function = lab.function(target, executable)?;
    let right = if target.own.is_some() {
        progress.print("the events of function.toml are sent, not the strategy's request");
        let checked = target.events.check_each(&Arc::new(function)).await;
        checked.with_context(|| target.name.clone())?;
        Right {
            checked: true,
            ..Right::default()
        }
    } else {
        let service = Service::new(function, scaling.clone());
        check(target, service, strategy, progress).await?
    };

    let complaints = Complaints::default();
    let sink = Arc::clone(&complaints);
    let function = Function {
        log: Some(Arc::new(move |line| note(&sink, line))),
        ..lab.function(target, executable)?
    };
    lab.before_cold_start(target).await?;
    let quota = Some(account.parameter_quota);
    lab.services.parameters().set_quota(quota);
    let before = lab.services.counts();
    let client = client(target, Service::new(function, scaling));
    let (client, seen) = send(strategy, client, right, progress).await?;
    lab.services.settle().await;
    let counts = lab.services.counts() - before;
    let service = client.service();
    let service = service.context("the client comes back as it was given")?;
    let environments = service.started() as u64;
    service.shutdown().await;
    let mut logged = std::mem::take(&mut *complaints.lock().expect("no holder panics"));
    note_behind(&mut logged, &service.failed_behind());
    let loaded = Loaded {
        memory_mb: Some(target.memory_mb),
        memory_overridden: target.memory_overridden,
        logged: most_frequent(logged),
        counts: not_zero(&counts),
        cold_starts: Some(seen.samples.iter().filter(|it| it.cold).count() as u64),
        environments: Some(environments),
        ..summary(strategy, &seen)
    };
    let Seen { samples, .. } = seen;
    Ok((loaded, samples))
}

fn client(target: &Target, service: Service) -> Client {
    let service = Box::new(service);
    if target.own.is_some() {
        Client::Events(service, target.events.clone().into())
    } else {
        Client::Service(service)
    }
}

/// One request, which must be answered rightly: a wrong answer is easily given fast. Says what a right answer is: where it
/// is the stadiums, all must have this body.
async fn check(
    target: &Target,
    service: Service,
    strategy: &Strategy,
    progress: &Progress,
) -> Result<Right> {
    let client = Client::Service(Box::new(service));
    let reply = client
        .get(&strategy.path)
        .await
        .map_err(anyhow::Error::msg)?;
    if let Some(service) = client.service() {
        service.shutdown().await;
    }
    let name = &target.name;
    let mut right = Right {
        expect: strategy.expect.clone(),
        ..Right::default()
    };
    if !target.serves_stadiums() && reply.content_type.is_empty() {
        // The floor is an empty handler.
        progress.print(&format!(
            "{name} answers without a content type: that is not checked"
        ));
        right.expect.content_type = None;
    }
    if let Some(wrong) = right.wrong(&reply) {
        let hint = target.hint().unwrap_or_default();
        bail!(
            "{name} does not answer as the strategy expects, before there is any load: {wrong}{hint}"
        );
    }
    if target.serves_stadiums() && strategy.path == "/" {
        contract::check(&reply.body).with_context(|| {
            format!("{name} does not answer with the stadiums, so its speed means nothing")
        })?;
        right.body = Some(reply.body);
    }
    Ok(right)
}

fn note(complaints: &Complaints, line: LogLine<'_>) {
    if let Some(complaint) = complaint(line) {
        let mut complaints = complaints.lock().expect("no holder panics");
        *complaints.entry(complaint).or_default() += 1;
    }
}

/// What failed behind an answer: its client has got the answer, so that it is no failed request.
fn note_behind(logged: &mut BTreeMap<String, u64>, failed: &BTreeMap<String, u64>) {
    let told = failed.iter();
    logged.extend(told.map(|(failure, count)| (format!("{BEHIND}{failure}"), *count)));
}

fn most_frequent(complaints: BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let mut sorted: Vec<(String, u64)> = complaints.into_iter().collect();
    // A failure is worth more than a complaint.
    sorted.sort_by_key(|(what, count)| (!what.starts_with(BEHIND), std::cmp::Reverse(*count)));
    let others: u64 = sorted.iter().skip(COMPLAINTS).map(|(_, count)| count).sum();
    sorted.truncate(COMPLAINTS);
    if others > 0 {
        sorted.push(("others".to_owned(), others));
    }
    sorted.into_iter().collect()
}

fn not_zero(counts: &Counts) -> BTreeMap<String, u64> {
    let seen = counts.iter().filter(|(_, count)| *count > 0);
    seen.map(|(name, count)| (name.to_owned(), count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_behind_an_answer_stands_before_the_complaints() {
        let complaints = (0..10).map(|number| (format!("complaint {number}"), 100));
        let mut logged: BTreeMap<String, u64> = complaints.collect();
        let failed = BTreeMap::from([("Task timed out after 3.00 seconds".to_owned(), 2)]);
        note_behind(&mut logged, &failed);
        let told = most_frequent(logged);
        let behind = "answered, and behind the answer the invocation failed: Task timed out after 3.00 seconds";
        assert_eq!(told[behind], 2);
        assert_eq!(told["others"], 500);
    }
}
