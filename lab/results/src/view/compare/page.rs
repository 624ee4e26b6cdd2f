//! Everything on one page that needs nothing else: no network, no script. It follows the reader's light or dark setting, fits
//! a phone, and prints.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Named, Report};
use crate::chart;
use crate::price::Prices;
use crate::schema::{ResultsFile, Session};
use crate::trace::{Temperature, Trace};
use crate::tuning::Tuning;
use crate::view::caption;

const STYLE: &str = include_str!("page.css");

/// The page of a report and of the files that it came from.
pub fn page(
    title: &str,
    report: &Report,
    files: &[Named],
    profile: &str,
    prices: &Prices,
) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    @for warning in &report.warnings { p.warning { strong { "Warning: " } (warning) } }
                    @for section in &report.sections { (section.html()) }
                    @for named in files { (of_file(named, files.len() > 1, profile, prices)) }
                    footer {
                        p {
                            "Measured by the local lab: a real process under an emulated Lambda service, real PostgreSQL and \
                             Valkey or Redis, modelled distances. Not measured on AWS unless a heading says so."
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// All that one file holds under the profile.
fn of_file(named: &Named, several: bool, profile: &str, prices: &Prices) -> Markup {
    let file = &named.file;
    let session = largest(file, profile);
    let tunings = file.tune.iter();
    let tunings = tunings.filter(|tuning| tuning.conditions.profile() == Some(profile));
    let tunings: Vec<&Tuning> = tunings.collect();
    let mut figures: Vec<(&str, Option<String>)> = Vec::new();
    if let Some(session) = session {
        figures.push(("The ladder", chart::ladder(session)));
        figures.push(("Distributions", chart::distribution(session)));
    }
    for trace in traces(file, profile) {
        let heading = match trace.temperature {
            Temperature::Cold => "Cold, step by step in time",
            Temperature::Warm => "Warm, step by step in time",
        };
        figures.push((heading, chart::waterfall(&[trace])));
    }
    figures.push(("Memory sizes", chart::tuning(&tunings, prices)));
    for load in &file.loads {
        if load.conditions.profile().is_none_or(|of| of == profile) {
            figures.push(("Under load", chart::ramp(load)));
        }
    }
    html! {
        section {
            @if several { h2 { (named.label) } }
            @for (heading, picture) in &figures {
                @if let Some(picture) = picture {
                    figure.wide tabindex="0" aria-label=(heading) { (PreEscaped(picture)) }
                }
            }
            @if let Some(session) = session { (conditions(session)) }
        }
    }
}

/// The session that measured the most steps; of equally large ones the newest. Its steps ran side by side.
pub fn largest<'a>(file: &'a ResultsFile, profile: &str) -> Option<&'a Session> {
    let sessions = file.sessions.iter();
    let fitting = sessions.filter(|session| session.profile() == Some(profile));
    fitting.max_by_key(|session| session.measurements.len())
}

/// Warm before cold, in the order of the steps.
fn traces<'a>(file: &'a ResultsFile, profile: &str) -> Vec<&'a Trace> {
    let traces = file.traces.iter();
    let traces = traces.filter(|trace| trace.conditions.profile() == Some(profile));
    let mut traces: Vec<&Trace> = traces.collect();
    traces.sort_by_key(|trace| (trace.temperature == Temperature::Cold, &trace.step));
    traces
}

fn conditions(session: &Session) -> Markup {
    html! {
        h3 { "Machine and method" }
        dl { @for (name, value) in caption::conditions(session) { dt { (name) } dd { (value) } } }
    }
}
