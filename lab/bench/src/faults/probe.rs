//! A client in front of one function, and an eye on its log: it calls, waits, and says what it got.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;
use lab_lambda::{Function, Service, TraceHeader, client_response};

use crate::contract;
use crate::log::complaint;
use crate::testbed::{Testbed, scaling};

/// The function behind the emulated service, and a client.
pub struct Probe {
    service: Service,
    complaints: Complaints,
}

/// What the function logged at WARN or ERROR since the last answer.
type Complaints = Arc<Mutex<Vec<String>>>;

/// What the client got.
pub struct Seen {
    /// HTTP status.
    pub status: u16,
    /// The body, or `the list`.
    pub body: String,
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
    /// A function without any environment yet.
    pub fn new(lab: &Testbed, function: Function) -> Result<Self> {
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
        })
    }

    /// The service itself.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// `GET /`
    pub async fn get(&self) -> Seen {
        self.send(contract::request()).await
    }

    /// Any event.
    pub async fn send(&self, event: Bytes) -> Seen {
        let start = Instant::now();
        let served = self.service.invoke(&event, &TraceHeader::new(false)).await;
        let took = start.elapsed();
        let response = client_response(&served);
        let body = if contract::check(&response.body).is_ok() {
            THE_LIST.to_owned()
        } else {
            response.text().into_owned()
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
            status: response.status,
            body,
            took,
            logged: std::mem::take(&mut *complaints),
        }
    }

    /// Ends all environments.
    pub async fn end(self) {
        self.service.shutdown().await;
    }
}

/// Stands for the 9 kB of a right answer.
const THE_LIST: &str = "the list";

impl Seen {
    /// Fails unless this is the right answer.
    pub fn must_be_the_list(&self) -> Result<()> {
        ensure!(
            self.status == 200 && self.body == THE_LIST,
            "the answer to GET / is {}: {}",
            self.status,
            self.body
        );
        Ok(())
    }
}
