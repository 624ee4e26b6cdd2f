//! The parts of the page that change: the ranking and the question. What people sent is text in them, never markup.

use lab_results::format::{duration, times};
use lab_results::interval::MINIMUM_ROUNDS;
use maud::{Markup, html};

use super::predict::Question;
use super::record::Stage;
use super::standings::{Group, Place, Standings, Step};

/// Places that a page shows of a group; all are in the files to keep.
const SHOWN: usize = 200;

/// Everybody's place, one table a group.
pub fn standings(standings: &Standings) -> Markup {
    let people: usize = standings
        .groups
        .iter()
        .map(|group| group.ranked.len())
        .sum();
    html! {
        @if people == 0 { p.empty { "Nobody yet. The first line appears here by itself." } }
        @for group in &standings.groups { (of_group(group)) }
        p.count { (people) " ranked, " (standings.tries) " tries" }
    }
}

fn of_group(group: &Group) -> Markup {
    let limits = if group.limited {
        "CPU and memory limited as on Lambda"
    } else {
        "NOT limited: not comparable with the others"
    };
    let scale = Scale::of(group);
    let left = group.ranked.len().saturating_sub(SHOWN);
    html! {
        section.group {
            h2 { "Network profile " (group.profile) ", " (limits) }
            table {
                thead { tr {
                    th.number scope="col" { "" }
                    th scope="col" { "who" }
                    th.track scope="col" aria-hidden="true" { "faster" span { "slower" } }
                    th.number scope="col" { "score" }
                    th.number.wide scope="col" { "work" }
                    th.wide scope="col" { "as fast as" }
                    th.number.wide scope="col" { "best" }
                    th.number.wide scope="col" { "tries" }
                    th.number.wide scope="col" { "first → last" }
                } }
                tbody {
                    @for row in rows(group) {
                        @match row {
                            Row::Person(place) => (person(group, place, &scale)),
                            Row::Steps(steps) => (reference(group, steps, &scale)),
                        }
                    }
                }
            }
            @if left > 0 { p.count { "and " (left) " more: all are in the CSV and the JSON" } }
            p.note {
                "Work: the request without its modelled distance, in multiples of the empty handler on the same machine. Score: distance \
                 and work together where the empty handler takes the median of all, " (duration(group.floor_us)) ". Numbers on a line are \
                 the reference's steps."
            }
        }
    }
}

/// A line of the table.
enum Row<'a> {
    Person(&'a Place),
    /// Steps with nobody between them.
    Steps(&'a [Step]),
}

/// People and the reference's steps in one order.
fn rows(group: &Group) -> Vec<Row<'_>> {
    let (mut rows, mut steps) = (Vec::new(), &group.steps[..]);
    for place in group.ranked.iter().take(SHOWN) {
        let faster = steps.partition_point(|step| step.score_us < place.score_us);
        let (before, after) = steps.split_at(faster);
        if !before.is_empty() {
            rows.push(Row::Steps(before));
        }
        rows.push(Row::Person(place));
        steps = after;
    }
    if !steps.is_empty() {
        rows.push(Row::Steps(steps));
    }
    rows
}

/// From the fastest to the slowest of a group, by ratio.
struct Scale {
    from: f64,
    to: f64,
}

impl Scale {
    fn of(group: &Group) -> Self {
        let people = group.ranked.iter().map(|place| place.score_us);
        let scores = people.chain(group.steps.iter().map(|step| step.score_us));
        let logs = scores.map(|score| score.max(1.0).ln());
        let (from, to) = logs.fold((f64::MAX, f64::MIN), |(from, to), log| {
            (from.min(log), to.max(log))
        });
        Self { from, to }
    }

    /// Percent of the way.
    fn at(&self, score_us: f64) -> String {
        let way = (score_us.max(1.0).ln() - self.from) / (self.to - self.from).max(0.01);
        format!("--at:{:.1}%", way * 100.0)
    }
}

fn person(group: &Group, place: &Place, scale: &Scale) -> Markup {
    let key = format!(
        "{} {} {} {}",
        group.profile, group.limited, place.label, place.name
    );
    let change = place.score_us / place.first_us;
    let as_fast_as = place.as_fast_as.as_deref();
    let quick = (place.rounds as usize) < MINIMUM_ROUNDS;
    html! {
        tr.person data-key=(key) data-label=(place.label) data-tries=(place.tries) {
            td.number.place { (place.place) }
            td.who {
                bdi { (place.label) }
                small {
                    bdi { (place.name) } " · " (place.memory_mb) " MB"
                    @if quick { " · first impression" }
                    span.narrow {
                        @if place.tries > 1 { " · " (place.tries) " tries, best " (duration(place.best_us)) }
                        @if let Some(step) = as_fast_as { " · as fast as " (step) }
                    }
                }
            }
            td.track aria-hidden="true" { i style=(scale.at(place.score_us)) {} }
            td.number.score { (duration(place.score_us)) }
            td.number.wide { (times(place.work)) }
            td.wide { @match as_fast_as { Some(step) => (step), None if group.steps.is_empty() => "", None => "slower than all" } }
            td.number.wide { (duration(place.best_us)) }
            td.number.wide { (place.tries) }
            td.number.wide { @if place.tries > 1 { (times(change)) } }
        }
    }
}

fn reference(group: &Group, steps: &[Step], scale: &Scale) -> Markup {
    let numbers: Vec<&str> = steps.iter().map(|step| step.number.as_str()).collect();
    let key = format!(
        "{} {} reference {}",
        group.profile, group.limited, numbers[0]
    );
    let (fastest, slowest) = (steps[0].score_us, steps[steps.len() - 1].score_us);
    html! {
        tr.steps data-key=(key) {
            td {}
            td.who { @if steps.len() > 1 { "steps " } @else { "step " } (numbers.join(" · ")) }
            td.track aria-hidden="true" { @for step in steps { i style=(scale.at(step.score_us)) {} } }
            td.number.score { (duration(fastest)) @if steps.len() > 1 { span.wide { " to " (duration(slowest)) } } }
            @for _ in 0..5 { td.wide {} }
        }
    }
}

/// The question that is shown, or nothing.
pub fn question(question: Option<&Question>) -> Markup {
    let Some(question) = question else {
        return html! {};
    };
    let asked = &question.asked;
    let all: usize = question.votes.iter().sum();
    let open = question.stage == Stage::Asked;
    let told = question.stage == Stage::Answer;
    html! {
        article.question data-chapter=(asked.chapter) data-open[open] {
            p.chapter { (code(&asked.title)) }
            h2 { (code(&asked.question)) }
            ol {
                @for (index, answer) in asked.answers.iter().enumerate() {
                    @let right = told && asked.right == Some(index + 1);
                    @let votes = question.votes[index];
                    li.right[right] {
                        button type="button" data-answer=(index + 1) disabled[!open] {
                            (code(answer))
                            @if right { strong { " ✓ right" } }
                        }
                        @if !open {
                            span.bar style=(format!("--at:{:.0}%", 100.0 * votes as f64 / all.max(1) as f64)) { i {} b { (votes) } }
                        }
                    }
                }
            }
            p.count {
                @match question.stage {
                    Stage::Asked => { (all) " chose; choose on your phone" },
                    Stage::Bars => { (all) " chose" },
                    Stage::Answer if asked.right.is_none() => "The chapter's result says which one was right.",
                    Stage::Answer => { (question.votes[asked.right.unwrap_or(1) - 1]) " of " (all) " were right" },
                }
            }
            @if told && !question.measured.is_empty() {
                p.measured {
                    "The reference, a warm request: "
                    @for (index, (step, p50)) in question.measured.iter().enumerate() {
                        @if index > 0 { ", then " }
                        "step " (step) " " strong { (duration(*p50)) }
                    }
                }
            }
        }
    }
}

/// Text with the chapter's `code` in it.
fn code(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
