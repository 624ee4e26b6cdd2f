//! What a function is sent, and what must hold for its answers: a wrong answer is easily given fast.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use lab_lambda::api_gateway::{self, HttpRequest};
use lab_lambda::{Environment, Function, Invocation, Outcome, TraceHeader};
use lab_workspace::function_file::EventEntry;
use serde_json::Value;

use crate::contract;

/// Characters of a wrong answer that are told.
const TOLD: usize = 200;

/// One event, and what must hold for its answer.
#[derive(Debug, Clone)]
pub struct Event {
    /// What a person calls it: `GET /orders/7`, or the file's name.
    pub name: String,
    /// What the function gets.
    pub payload: Bytes,
    /// The status that the answer must have; none where the answer is no HTTP response.
    status: Option<u16>,
    contains: Option<String>,
    pointers: BTreeMap<String, Value>,
    /// Where it is described, `function.toml, line 61`; empty where it is nowhere.
    place: String,
}

impl Event {
    /// `GET /`, which is answered with status 200.
    pub fn get_root() -> Self {
        Self {
            name: "GET /".to_owned(),
            payload: contract::request(),
            status: Some(200),
            contains: None,
            pointers: BTreeMap::new(),
            place: String::new(),
        }
    }

    /// An event as `function.toml` has it.
    fn of_entry(entry: &EventEntry) -> Result<Self> {
        let (name, payload, status) = match (&entry.request, &entry.file) {
            (Some(request), _) => (
                request.clone(),
                http_event(request, entry),
                Some(entry.status.unwrap_or(200)),
            ),
            (None, Some(file)) => (
                file.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                std::fs::read(file)
                    .with_context(|| format!("cannot read {}", file.display()))?
                    .into(),
                None,
            ),
            (None, None) => bail!("an event is a request or a file"),
        };
        Ok(Self {
            name,
            payload,
            status,
            contains: entry.contains.clone(),
            pointers: entry.pointers.clone(),
            place: entry.place.clone(),
        })
    }

    /// A right answer: of an HTTP response its body. An error says what came instead.
    pub fn answer(&self, outcome: &Outcome) -> Result<Bytes> {
        let payload = match outcome {
            Outcome::Response(payload) => payload,
            Outcome::Error(error) => bail!("the function reported an error, {error}"),
            Outcome::Failed(failure) => bail!("the invocation failed: {failure}"),
        };
        let Some(wanted) = self.status else {
            return Ok(payload.clone());
        };
        let response = api_gateway::http_response(payload).map_err(anyhow::Error::msg)?;
        ensure!(
            response.status == wanted,
            "the answer to {} is {}, not {wanted}: {}",
            self.name,
            response.status,
            beginning(&response.text())
        );
        Ok(response.body)
    }

    /// Checks an answer in all that must hold, and that the invocation did not fail behind it: its environment is reset
    /// then, and the next invocation waits for an init phase.
    pub fn check_invocation(&self, invocation: &Invocation) -> Result<()> {
        self.check(&invocation.outcome)?;
        if let Some(failure) = &invocation.behind {
            bail!(
                "{} is answered, and behind the answer the invocation fails: {failure}",
                self.name
            );
        }
        Ok(())
    }

    /// Checks an answer in all that must hold.
    pub fn check(&self, outcome: &Outcome) -> Result<Bytes> {
        let answer = self.answer(outcome)?;
        if self.contains.is_none() && self.pointers.is_empty() {
            return Ok(answer);
        }
        let text = String::from_utf8_lossy(&answer);
        if let Some(wanted) = &self.contains {
            ensure!(
                text.contains(wanted.as_str()),
                "the answer to {} does not contain {wanted:?}: {}",
                self.name,
                beginning(&text)
            );
        }
        if self.pointers.is_empty() {
            return Ok(answer);
        }
        let value: Value = serde_json::from_str(&text).with_context(|| {
            format!(
                "the answer to {} is no JSON: {}",
                self.name,
                beginning(&text)
            )
        })?;
        for (pointer, wanted) in &self.pointers {
            let got = value.pointer(pointer);
            ensure!(
                got == Some(wanted),
                "the answer to {} has {} at {pointer}, not {wanted}: {}",
                self.name,
                got.map_or_else(|| "nothing".to_owned(), Value::to_string),
                beginning(&text)
            );
        }
        Ok(answer)
    }
}

fn http_event(request: &str, entry: &EventEntry) -> Bytes {
    let (method, target) = request.split_once(' ').unwrap_or(("GET", request));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = HttpRequest {
        query,
        body: entry.body.as_bytes(),
        ..HttpRequest::new(method, path)
    };
    for (name, value) in &entry.headers {
        request
            .headers
            .insert(name.to_ascii_lowercase(), value.clone());
    }
    request.event()
}

fn beginning(text: &str) -> String {
    let mut beginning: String = text.chars().take(TOLD).collect();
    if beginning.len() < text.len() {
        beginning.push_str("...");
    }
    beginning
}

/// The events of a function, in the order in which they are sent again and again.
#[derive(Debug, Clone)]
pub struct Events {
    each: Arc<[Event]>,
    order: Arc<[usize]>,
}

impl Default for Events {
    fn default() -> Self {
        Self::new(vec![(Event::get_root(), 1)])
    }
}

impl Events {
    /// Events with their weights: one of weight 3 comes three times as often as one of weight 1, as evenly spread as can be.
    pub fn new(weighted: Vec<(Event, u32)>) -> Self {
        let total: i64 = weighted.iter().map(|(_, weight)| i64::from(*weight)).sum();
        let mut credit = vec![0; weighted.len()];
        let order = (0..total).map(|_| {
            for (credit, (_, weight)) in credit.iter_mut().zip(&weighted) {
                *credit += i64::from(*weight);
            }
            let richest = (0..credit.len()).rev().max_by_key(|index| credit[*index]);
            let next = richest.unwrap_or_default();
            credit[next] -= total;
            next
        });
        Self {
            order: order.collect(),
            each: weighted.into_iter().map(|(event, _)| event).collect(),
        }
    }

    /// As `function.toml` has them; `GET /` where it has none.
    pub fn of_entries(entries: &[EventEntry]) -> Result<Self> {
        let weighted = entries
            .iter()
            .map(|entry| Ok((Event::of_entry(entry)?, entry.weight)));
        let weighted = weighted.collect::<Result<Vec<_>>>()?;
        Ok(if weighted.is_empty() {
            Self::default()
        } else {
            Self::new(weighted)
        })
    }

    /// The event that is sent as number `number`, from 0 on.
    pub fn at(&self, number: usize) -> &Event {
        &self.each[self.order[number % self.order.len()]]
    }

    /// Sends each event once to one environment of the function, and answers the last answer.
    ///
    /// # Errors
    /// The first answer that is wrong, with what came instead and the end of the log.
    pub async fn check_each(&self, function: &Arc<Function>) -> Result<Bytes> {
        let mut environment = Environment::start(function).await?;
        let mut checked = Ok(Bytes::new());
        for event in &*self.each {
            let trace = TraceHeader::new(true);
            let invocation = environment.invoke(&event.payload, &trace).await;
            checked = event.check(&invocation.outcome).map_err(|error| {
                if event.place.is_empty() {
                    return error;
                }
                error.context(event.place.clone())
            });
            if checked.is_err() {
                break;
            }
        }
        let log = environment.log_tail();
        environment.shutdown().await;
        checked.map_err(|error| anyhow::anyhow!("{error:#}{log}"))
    }
}

#[cfg(test)]
mod tests;
