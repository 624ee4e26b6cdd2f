//! The open loop: each request is sent when it is due, whatever became of the ones before.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use lab_lambda::CpuTicks;
use tokio::task::{Id, JoinError, JoinSet};

use super::client::{Client, Right};
use super::strategy::Strategy;
use lab_workspace::progress::Progress;

/// CPUs that are busier than this, percent, are this machine's limit.
const BUSY: u8 = 95;

/// Requests that may be under way while the CPUs are that busy. With more, only the machine's own queues are measured, and
/// nobody else gets through to it.
const MOST_UNDER_WAY: usize = 500;

/// How often the live line is written anew.
const LIVE: Duration = Duration::from_millis(250);

/// What the live line looks back on.
const WINDOW: Duration = Duration::from_secs(1);

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// When it was due, counted from the begin.
    pub due: Duration,
    /// How much later it was sent.
    pub late: Duration,
    /// From when it was due until the whole answer was there.
    pub latency: Duration,
    /// The HTTP status; none without an answer.
    pub status: Option<u16>,
    /// What was wrong; none with the right answer.
    pub wrong: Option<String>,
    /// Whether it waited for an init phase.
    pub cold: bool,
}

/// Everything that was seen.
pub struct Seen {
    /// In the order of the answers.
    pub samples: Vec<Sample>,
    /// How busy the machine's CPUs were in each second, percent.
    pub busy_percent: Vec<u8>,
}

#[derive(Default)]
struct Live {
    /// When the last right answers arrived.
    right: VecDeque<Instant>,
    failed: usize,
    cold: usize,
    done: usize,
    last_failure: String,
}

struct Shared {
    client: Client,
    right: Right,
    path: String,
    begin: Instant,
    samples: Mutex<Vec<Sample>>,
    live: Mutex<Live>,
    /// How busy the CPUs were in the last whole second, percent.
    busy: AtomicU8,
}

/// Sends everything, waits for the last answer, and gives the client back.
///
/// # Errors
/// Where this machine cannot follow: too many requests are under way, and its CPUs are busy.
pub async fn send(
    strategy: &Strategy,
    client: Client,
    right: Right,
    progress: &mut Progress,
) -> Result<(Client, Seen)> {
    let shared = Arc::new(Shared {
        client,
        right,
        path: strategy.path.clone(),
        begin: Instant::now(),
        samples: Mutex::default(),
        live: Mutex::default(),
        busy: AtomicU8::new(0),
    });
    let mut busy_percent = Vec::new();
    tokio::select! {
        sent = send_all(&shared, strategy, progress) => sent?,
        () = watch_cpus(shared.begin, |percent| {
            shared.busy.store(percent, Ordering::Relaxed);
            busy_percent.push(percent);
        }) => {}
    }
    let Ok(shared) = Arc::try_unwrap(shared) else {
        unreachable!("every request has ended")
    };
    let samples = shared.samples.into_inner().expect("no holder panics");
    let seen = Seen {
        samples,
        busy_percent,
    };
    Ok((shared.client, seen))
}

async fn send_all(
    shared: &Arc<Shared>,
    strategy: &Strategy,
    progress: &mut Progress,
) -> Result<()> {
    let mut requests = Requests::default();
    let whole = strategy.duration();
    let mut shown = Duration::ZERO;
    let mut offered = Offered::default();
    for due in strategy.arrivals() {
        let at = shared.begin + due;
        // Timers of the event loop tick once a millisecond, and a whole request may take less than two.
        lab_services::pause(at.saturating_duration_since(Instant::now())).await?;
        requests.start(shared, due);
        offered.note(due);
        let (under_way, busy) = (requests.tasks.len(), shared.busy.load(Ordering::Relaxed));
        ensure!(
            under_way <= MOST_UNDER_WAY || busy < BUSY,
            "stopped in second {}: {under_way} requests are under way and this machine's CPUs are {busy} % busy, so that it \
             would measure itself. Take a lower rate, or fewer environments: --concurrency",
            due.as_secs()
        );
        while let Some(ended) = requests.tasks.try_join_next_with_id() {
            requests.note(shared, ended);
        }
        if due >= shown {
            shown = due + LIVE;
            progress.update(shared.live_line(due, whole, &offered));
        }
    }
    let rest = whole.saturating_sub(shared.begin.elapsed());
    tokio::time::sleep(rest).await;
    while let Some(ended) = requests.tasks.join_next_with_id().await {
        requests.note(shared, ended);
    }
    Ok(())
}

/// How many requests were due: all, and when those of the last second.
#[derive(Default)]
struct Offered {
    all: usize,
    last: VecDeque<Duration>,
}

impl Offered {
    fn note(&mut self, due: Duration) {
        self.all += 1;
        self.last.push_back(due);
        let since = due.saturating_sub(WINDOW);
        while self.last.front().is_some_and(|earlier| *earlier < since) {
            self.last.pop_front();
        }
    }
}

#[derive(Default)]
struct Requests {
    tasks: JoinSet<()>,
    due: HashMap<Id, Duration>,
}

impl Requests {
    fn start(&mut self, shared: &Arc<Shared>, due: Duration) {
        let task = self.tasks.spawn(request(Arc::clone(shared), due));
        self.due.insert(task.id(), due);
    }

    /// A request has noted itself, unless it panicked: then it is a failed one.
    fn note(&mut self, shared: &Shared, ended: Result<(Id, ()), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
        let due = self.due.remove(&id).unwrap_or_default();
        if let Err(panicked) = ended {
            shared.note(Sample {
                due,
                late: Duration::ZERO,
                latency: (shared.begin + due).elapsed(),
                status: None,
                wrong: Some(format!("the lab failed: {panicked}")),
                cold: false,
            });
        }
    }
}

async fn request(shared: Arc<Shared>, due: Duration) {
    let at = shared.begin + due;
    let late = at.elapsed();
    let reply = shared.client.get(&shared.path).await;
    let latency = at.elapsed();
    let (status, cold, wrong) = match &reply {
        Ok(reply) => (Some(reply.status), reply.cold, shared.right.wrong(reply)),
        Err(error) => (None, false, Some(format!("no answer: {error}"))),
    };
    shared.note(Sample {
        due,
        late,
        latency,
        status,
        wrong,
        cold,
    });
}

impl Shared {
    fn note(&self, sample: Sample) {
        let mut live = self.live.lock().expect("no holder panics");
        live.done += 1;
        live.cold += usize::from(sample.cold);
        match &sample.wrong {
            Some(wrong) => {
                live.failed += 1;
                live.last_failure.clone_from(wrong);
            }
            None => live.right.push_back(Instant::now()),
        }
        let mut samples = self.samples.lock().expect("no holder panics");
        samples.push(sample);
    }

    /// `second 23 of 70: 25/s offered, 25/s served, 0 failed, 3 cold starts, 1 under way`
    fn live_line(&self, now: Duration, whole: Duration, offered: &Offered) -> String {
        let (sent, offered) = (offered.all, offered.last.len());
        let mut live = self.live.lock().expect("no holder panics");
        while live.right.front().is_some_and(|at| at.elapsed() > WINDOW) {
            live.right.pop_front();
        }
        let failure = if live.failed > 0 {
            format!(" ({})", live.last_failure)
        } else {
            String::new()
        };
        let busy = self.busy.load(Ordering::Relaxed);
        let limit = if busy >= BUSY {
            format!("; this machine is {busy} % busy and may be the limit")
        } else {
            String::new()
        };
        format!(
            "second {} of {}: {offered}/s offered, {}/s served, {} failed{failure}, {} cold starts, {} under way{limit}",
            now.as_secs(),
            whole.as_secs(),
            live.right.len(),
            live.failed,
            live.cold,
            sent.saturating_sub(live.done)
        )
    }
}

/// Watches how busy the CPUs are until it is dropped; hands each whole second on.
async fn watch_cpus(begin: Instant, mut each: impl FnMut(u8)) {
    let mut last = CpuTicks::now();
    for second in 1.. {
        tokio::time::sleep_until((begin + Duration::from_secs(second)).into()).await;
        let now = CpuTicks::now();
        if let Some((now, last)) = now.zip(last) {
            each(now.busy_since(last));
        }
        last = now;
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[tokio::test]
    async fn a_request_that_panics_is_a_failed_one() {
        let text = "config:\n  phases:\n    - duration: 10ms\n      arrivalCount: 3\nscenarios:\n  - flow:\n      - get:\n          url: /\n";
        let strategy = Strategy::parse(text, Path::new("test.yml")).unwrap();
        let mut progress = Progress::start("test");
        let sent = send(&strategy, Client::Broken, Right::default(), &mut progress).await;
        let (_, seen) = sent.unwrap();
        assert_eq!(seen.samples.len(), 3);
        for sample in &seen.samples {
            let wrong = sample.wrong.as_deref().unwrap_or_default();
            assert!(wrong.contains("no client of this kind"), "{wrong}");
        }
    }
}
