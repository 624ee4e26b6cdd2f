//! What a step tells about its invocations: the X-Ray document and the metrics, as golden files with the numbers that
//! differ from run to run taken out.

use std::fmt::Write as _;

use expect_test::expect_file;
use lab_bench::contract;
use lab_bench::event::Event;
use lab_lambda::TraceHeader;
use serde_json::Value;

use crate::support::{Bench, log};

/// It tells nothing about a request: that is its question.
const SILENT: &str = "aside-no-telemetry";

#[tokio::test]
async fn phases_of_a_sampled_invocation_are_one_document() {
    let bench = Bench::start().await;
    let mut golden = String::new();
    for target in bench.lessons() {
        if target.name == SILENT {
            continue;
        }
        let mut environment = bench.environment(&target).await;
        writeln!(golden, "{}", target.name).unwrap();
        for temperature in ["cold", "warm"] {
            let trace = TraceHeader::new(true);
            bench.lab.services.traces().take();
            let invocation = environment.invoke(&contract::request(), &trace).await;
            Event::get_root().answer(&invocation.outcome).unwrap();
            let documents = bench.lab.services.traces().wait_for(1).await;
            let [document] = &documents[..] else {
                panic!("{}: {documents:?}", target.name)
            };
            assert_eq!(document["type"], "subsegment", "{}", target.name);
            assert_eq!(document["trace_id"], trace.root, "{}", target.name);
            assert_eq!(document["parent_id"], trace.parent, "{}", target.name);
            check_times(document, &target.name);
            let phases = phases(document);
            let phases = if phases.is_empty() {
                "none".to_owned()
            } else {
                phases.join(", ")
            };
            writeln!(golden, "  {temperature}: {phases}").unwrap();
        }
        environment.shutdown().await;
    }
    expect_file!["../golden/phases.txt"].assert_eq(&golden);
}

/// A document without phases has no list of them.
fn phases(document: &Value) -> Vec<&str> {
    document["subsegments"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|phase| phase["name"].as_str().unwrap())
        .collect()
}

/// Every phase lies inside the document that holds it, and has an id of its own.
fn check_times(document: &Value, name: &str) {
    let time = |value: &Value, key: &str| {
        value[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{name}: {key} in {value}"))
    };
    let phases = document["subsegments"].as_array();
    for phase in phases.into_iter().flatten() {
        assert!(
            time(document, "start_time") <= time(phase, "start_time"),
            "{name}: {phase}"
        );
        assert!(
            time(phase, "start_time") <= time(phase, "end_time"),
            "{name}: {phase}"
        );
        assert!(
            time(phase, "end_time") <= time(document, "end_time"),
            "{name}: {phase}"
        );
        assert_eq!(phase["id"].as_str().unwrap().len(), 16, "{name}: {phase}");
    }
}

#[tokio::test]
async fn nothing_is_sent_when_the_trace_is_not_sampled() {
    let bench = Bench::start().await;
    let target = bench.target("05");
    let mut environment = bench.environment(&target).await;
    bench.get(&mut environment).await;
    // A sampled invocation afterwards: its document is the only one that arrives.
    let trace = TraceHeader::new(true);
    environment.invoke(&contract::request(), &trace).await;
    let documents = bench.lab.services.traces().wait_for(1).await;
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["trace_id"], trace.root);
    environment.shutdown().await;
}

#[tokio::test]
async fn metrics_and_logs_are_json_lines() {
    let bench = Bench::start().await;
    let mut golden = String::new();
    // The constant answer is logged, too.
    let answer = bench.target("floor-answer");
    for target in bench.lessons().into_iter().chain([answer]) {
        let (mut environment, lines) = bench.logged_environment(&target).await;
        bench.get(&mut environment).await;
        bench.get(&mut environment).await;
        environment.shutdown().await;
        writeln!(golden, "{}", target.name).unwrap();
        for line in log(&lines) {
            writeln!(golden, "  {}", steady(line)).unwrap();
        }
    }
    expect_file!["../golden/lines.txt"].assert_eq(&golden);
}

/// The line with what differs from run to run taken out.
fn steady(mut line: Value) -> Value {
    let mut replace = |pointer: &str, value: Value| {
        if let Some(found) = line.pointer_mut(pointer) {
            *found = value;
        }
    };
    replace("/timestamp", "TIME".into());
    replace("/span/requestId", "ID".into());
    replace("/span/xrayTraceId", "TRACE".into());
    if let Some(timestamp) = line.pointer_mut("/_aws/Timestamp") {
        let is_ms = timestamp.as_u64().is_some_and(|ms| ms > 1_700_000_000_000);
        assert!(is_ms, "milliseconds since 1970: {timestamp}");
        *timestamp = 0.into();
    }
    line
}

#[tokio::test]
async fn the_report_line_of_a_real_step() {
    let bench = Bench::start().await;
    let (mut environment, lines) = bench.logged_environment(&bench.target("floor")).await;
    bench.get(&mut environment).await;
    bench.get(&mut environment).await;
    environment.shutdown().await;
    let lines = lines.lock().unwrap();
    let reports: Vec<&String> = lines
        .iter()
        .map(|(_, text)| text)
        .filter(|text| text.starts_with("REPORT RequestId: "))
        .collect();
    let [cold, warm] = reports[..] else {
        panic!("{reports:?}")
    };
    let fields = |report: &str| -> Vec<String> {
        report
            .trim_end_matches('\t')
            .split('\t')
            .map(|field| field.split(':').next().unwrap().to_owned())
            .collect()
    };
    let names = [
        "REPORT RequestId",
        "Duration",
        "Billed Duration",
        "Memory Size",
        "Max Memory Used",
        "Init Duration",
    ];
    assert_eq!(fields(cold), names);
    assert_eq!(fields(warm), names[..5]);
}
