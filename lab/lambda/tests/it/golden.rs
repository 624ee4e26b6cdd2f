//! Every edge of the service in one table: what the log says, what the caller of Lambda's Invoke API gets, and what a
//! browser behind an HTTP API gets. The table is `tests/golden/edges.txt`; `UPDATE_EXPECT=1 cargo test` writes it anew.

use std::fmt::Write as _;

use bytes::Bytes;
use expect_test::expect_file;
use lab_lambda::{InvokeError, Scaling, Served, Service, Start, client_response};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::task::JoinSet;

use crate::support::{Case, scaling, trace};
use crate::table::{OUT_OF_MEMORY, edges};

const GOLDEN: &str = include_str!("../golden/edges.txt");

/// One edge of the service.
pub struct Edge {
    pub title: &'static str,
    pub case: Case,
    pub scaling: Scaling,
    pub events: Vec<Bytes>,
    /// The process that is killed before the second event.
    pub kills: Option<&'static str>,
    /// The last response is what the runtime was answered when it called out of turn.
    pub shows_answer: bool,
}

pub fn edge(title: &'static str, case: Case) -> Edge {
    Edge {
        title,
        case,
        scaling: scaling(),
        events: vec![hello(), hello()],
        kills: None,
        shows_answer: false,
    }
}

pub fn hello() -> Bytes {
    Bytes::from(r#"{"statusCode":200,"body":"hello"}"#)
}

impl Edge {
    /// One event is enough to see it.
    pub fn one_event(mut self) -> Self {
        self.events.truncate(1);
        self
    }

    pub fn shows_answer(mut self) -> Self {
        self.shows_answer = true;
        self
    }

    async fn run(self) -> String {
        let mut text = format!("== {} ==\n", self.title);
        let service = Service::new(self.case.function.clone(), self.scaling.clone());
        for (number, event) in self.events.iter().enumerate() {
            if let Some(name) = self.kills.filter(|_| number == 1) {
                let processes = service.processes();
                let (_, id) = processes.iter().find(|(one, _)| one == name).unwrap();
                kill(Pid::from_raw(*id), Signal::SIGKILL).unwrap();
            }
            let served = service.invoke(event, &trace()).await;
            service.settle().await;
            let shows_answer = self.shows_answer && number + 1 == self.events.len();
            text += &describe(&served, &self.case.take_log(), shows_answer);
        }
        service.shutdown().await;
        let events = self.case.extension_events();
        for line in events.lines() {
            writeln!(text, "extension   {line}").unwrap();
        }
        text
    }
}

fn describe(served: &Result<Served, InvokeError>, log: &[String], shows_answer: bool) -> String {
    let mut text = "\n".to_owned();
    let mut row = |name: &str, lines: String| {
        for (number, line) in lines.lines().enumerate() {
            let name = if number == 0 { name } else { "" };
            writeln!(text, "{name:<10}  {}", line.trim_end()).unwrap();
        }
    };
    row("start", start(served));
    let lines: Vec<String> = log
        .iter()
        .flat_map(|text| text.lines())
        .map(normalised)
        .collect();
    row("log", lines.join("\n"));
    if shows_answer {
        row("answered", invoke(served).replacen("200 ", "", 1));
    } else {
        row("invoke", invoke(served));
        let client = client_response(served);
        row("browser", format!("{} {}", client.status, client.text()));
        row("refused", client.refused.unwrap_or_default());
    }
    text
}

fn start(served: &Result<Served, InvokeError>) -> String {
    match served.as_ref().map(|served| served.start) {
        Ok(Start::Warm) => "warm",
        Ok(Start::Cold(_)) => "cold",
        Ok(Start::Retried) => "cold, init ran twice",
        Ok(Start::Reset) => "reset, init ran inside the invocation",
        Err(_) => "refused",
    }
    .to_owned()
}

fn invoke(served: &Result<Served, InvokeError>) -> String {
    match served {
        Ok(served) => {
            let payload = String::from_utf8_lossy(&served.payload()).into_owned();
            let error = if served.outcome.is_function_error() {
                "X-Amz-Function-Error: Unhandled\n"
            } else {
                ""
            };
            format!("200 {error}{}", without_ids(&payload))
        }
        Err(refused) => refused.to_string(),
    }
}

/// A log line without what differs from run to run.
fn normalised(line: &str) -> String {
    let timed_out = line.contains("Status: timeout");
    let memory_size = field(line, "Memory Size: ").unwrap_or_default();
    let fields = line.split('\t').map(|field| {
        let Some((name, value)) = field.rsplit_once(": ") else {
            return field.to_owned();
        };
        let unit = value.rsplit(' ').next().unwrap_or_default();
        let keeps = match name.rsplit(' ').next().unwrap_or_default() {
            // A timeout is as long as it was configured.
            "Duration" => timed_out && !(name != "Duration" && line.contains("\tInit Duration")),
            "Used" => value == memory_size,
            _ => true,
        };
        if keeps {
            field.to_owned()
        } else {
            format!("{name}: … {unit}")
        }
    });
    // Four fields that say nothing are one.
    let nothing =
        "Duration: … ms  Billed Duration: … ms  Memory Size: 256 MB  Max Memory Used: … MB";
    let line = fields.collect::<Vec<_>>().join("  ").replace(nothing, "…");
    let (first, rest) = line.split_once(' ').unwrap_or((&line, ""));
    if first.ends_with('Z') {
        return without_ids(&format!("<time> {rest}"));
    }
    without_ids(&line)
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split(name).nth(1)?.split('\t').next()
}

/// Replaces request ids.
fn without_ids(text: &str) -> String {
    let words = text.split_inclusive([' ', '"']).map(|word| {
        let id = word.trim_end_matches([' ', '"']);
        let is_id = id.len() == 36 && id.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
        if is_id {
            word.replace(id, "<id>")
        } else {
            word.to_owned()
        }
    });
    words.collect()
}

#[tokio::test]
async fn every_edge_is_as_the_table_has_it() {
    let mut running = JoinSet::new();
    for (number, edge) in edges().into_iter().enumerate() {
        running.spawn(async move {
            let cannot =
                edge.title == OUT_OF_MEMORY && !edge.case.function.platform.limits.enforced();
            if cannot {
                eprintln!("skipped: no control group can be written here, so no memory runs out");
                return (number, in_golden(edge.title));
            }
            (number, edge.run().await)
        });
    }
    let mut sections = running.join_all().await;
    sections.sort();
    let sections: Vec<String> = sections.into_iter().map(|(_, text)| text).collect();
    expect_file!["../golden/edges.txt"].assert_eq(&sections.join("\n\n"));
}

/// The section as the table has it.
fn in_golden(title: &str) -> String {
    let sections = GOLDEN.split("\n\n== ");
    let found = sections
        .into_iter()
        .find(|section| section.starts_with(title));
    found
        .map(|section| format!("== {section}"))
        .unwrap_or_default()
}
