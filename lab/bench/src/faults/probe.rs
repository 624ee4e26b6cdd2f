//! A client in front of one function, and an eye on its log: it calls, waits, and says what it got.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;
use lab_lambda::{Function, Service, TraceHeader, client_response};

use crate::contract;
use crate::event::Event;
use crate::log::complaint;
use crate::target::Target;
use crate::testbed::{Testbed, scaling};

/// The function behind the emulated service, and a client.
pub struct Probe {
    service: Service,
    complaints: Complaints,
    event: Event,
    /// True where the right answer is the stadiums.
    stadiums: bool,
}

/// What the function logged at WARN or ERROR since the last answer.
type Complaints = Arc<Mutex<Vec<String>>>;

/// What the client got.
pub struct Seen {
    /// HTTP status.
    pub status: u16,
    /// The body; `the list` for the stadiums, `the right answer` for that of another function.
    pub body: String,
    /// Whether it is the right answer.
    pub right: bool,
    /// How long it waited, the start of an environment included.
    pub took: Duration,
    /// What the function wrote to its log about it, warnings and errors only.
    pub logged: Vec<String>,
}

/// The test event that Lambda's console offers: nothing that API Gateway would send.
pub fn test_event() -> Bytes {
    Bytes::from_static(br#"{"key1":"value1","key2":"value2","key3":"value3"}"#)
}

impl Probe {
    /// A function without any environment yet, and the first event of its target.
    pub fn new(lab: &Testbed, function: Function, target: &Target) -> Result<Self> {
        let complaints = Complaints::default();
        let sink = Arc::clone(&complaints);
        let function = Function {
            log: Some(Arc::new(move |line| {
                let mut complaints = sink.lock().expect("no holder of this lock panics");
                complaints.extend(complaint(line));
            })),
            ..function
        };
        Ok(Self {
            service: Service::new(function, scaling(&lab.facts)?),
            complaints,
            event: target.events.at(0).clone(),
            stadiums: target.own.is_none(),
        })
    }

    /// The service itself.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The target's own event.
    pub async fn get(&self) -> Seen {
        self.send(self.event.payload.clone()).await
    }

    /// Any event.
    pub async fn send(&self, event: Bytes) -> Seen {
        let start = Instant::now();
        let served = self.service.invoke(&event, &TraceHeader::new(false)).await;
        let took = start.elapsed();
        let response = client_response(&served);
        let status = response.status;
        let right = if self.stadiums {
            status == 200 && contract::check(&response.body).is_ok()
        } else {
            let outcome = served.as_ref().map(|served| &served.outcome);
            outcome.is_ok_and(|outcome| self.event.check(outcome).is_ok())
        };
        let body = match (right, self.stadiums) {
            (true, true) => THE_LIST.to_owned(),
            (true, false) => THE_RIGHT_ANSWER.to_owned(),
            (false, true) => response.text().into_owned(),
            (false, false) => response.text().chars().take(TOLD).collect(),
        };
        // The next event finds the environment idle, and what the environment logs behind the answer belongs to this one.
        self.service.settle().await;
        // What the function wrote before its answer lies in the pipe: the event loop has to look once.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut complaints = self
            .complaints
            .lock()
            .expect("no holder of this lock panics");
        Seen {
            status,
            body,
            right,
            took,
            logged: std::mem::take(&mut *complaints),
        }
    }

    /// Ends all environments.
    pub async fn end(self) {
        self.service.shutdown().await;
    }
}

/// Stands for the 9 kB of the stadiums.
const THE_LIST: &str = "the list";
/// Stands for what must hold for the answer of another function.
const THE_RIGHT_ANSWER: &str = "the right answer";
/// Characters of another function's wrong answer that the matrix has room for.
const TOLD: usize = 40;

impl Seen {
    /// Fails unless this is the right answer.
    pub fn must_be_right(&self) -> Result<()> {
        ensure!(
            self.right,
            "the answer, with nothing wrong yet, is {}: {}",
            self.status,
            self.body
        );
        Ok(())
    }
}
