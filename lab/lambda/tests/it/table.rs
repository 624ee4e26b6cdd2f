//! The edges of the service, in the order of the table.

use std::time::Duration;

use bytes::Bytes;
use lab_lambda::{Cgroups, Scaling, limits};

use crate::golden::{Edge, edge, hello};
use crate::support::{Case, scaling};

fn second() -> Duration {
    Duration::from_secs(1)
}

pub fn edges() -> Vec<Edge> {
    let mut edges = everyday();
    edges.extend(in_init());
    edges.extend(in_an_invocation());
    edges.extend(between_invocations());
    edges.push(out_of_memory());
    edges.extend(too_much());
    edges.extend(out_of_turn());
    edges
}

fn everyday() -> Vec<Edge> {
    vec![
        edge("A function that does what it should", Case::new("")),
        edge("The function reports an error", Case::new("error")).one_event(),
        Edge {
            events: vec![Bytes::from("[1")],
            ..edge("The response is no JSON", Case::new(""))
        },
    ]
}

fn in_init() -> Vec<Edge> {
    let short_init =
        |case: Case| case.platform(|platform| platform.init_timeout = Duration::from_millis(500));
    vec![
        edge(
            "The init phase takes longer than its limit of 0.5 s (10 s on AWS)",
            short_init(Case::new("never-next").once()),
        ),
        edge(
            "... and does so again inside the invocation, which has 1 s",
            short_init(Case::new("never-next")).timeout(second()),
        )
        .one_event(),
        edge(
            "The runtime exits in the init phase",
            Case::new("exit-in-init"),
        )
        .one_event(),
        edge("... the first time only", Case::new("exit-in-init").once()),
        edge(
            "The runtime reports that it cannot initialise",
            Case::new("init-error"),
        )
        .one_event(),
        edge(
            "An extension ends in the init phase",
            Case::new("").extension("exits-in-init"),
        )
        .one_event(),
    ]
}

fn in_an_invocation() -> Vec<Edge> {
    let short_shutdown = |case: Case| {
        case.platform(|platform| platform.shutdown_budget = Duration::from_millis(500))
    };
    vec![
        edge(
            "The function's timeout passes",
            Case::new("sleep").once().timeout(second()),
        ),
        edge("The runtime crashes", Case::new("crash").once()),
        edge("The runtime exits with status 7", Case::new("exit 7")).one_event(),
        edge("The runtime exits with status 0", Case::new("exit 0")).one_event(),
        edge(
            "The runtime answers, then exits",
            Case::new("answers-and-exits").once(),
        ),
        edge(
            "The runtime answers, and never asks for its next event",
            Case::new("answers-and-hangs").timeout(second()),
        )
        .one_event(),
        edge(
            "The runtime answers, and an extension never asks for its next event",
            short_shutdown(Case::new("").extension("never-asks-again")).timeout(second()),
        )
        .one_event(),
        edge(
            "An extension ends during the invocation",
            Case::new("sleep").extension("exits"),
        )
        .one_event(),
    ]
}

fn between_invocations() -> Vec<Edge> {
    vec![
        Edge {
            kills: Some("function"),
            events: vec![hello(); 3],
            ..edge("The runtime is killed while it is frozen", Case::new(""))
        },
        Edge {
            kills: Some("extension"),
            events: vec![hello(); 3],
            ..edge(
                "An extension is killed while it is frozen",
                Case::new("").extension(""),
            )
        },
    ]
}

fn too_much() -> Vec<Edge> {
    vec![
        edge(
            "The response is larger than 6 MB",
            Case::new("answers-too-much"),
        )
        .one_event(),
        Edge {
            events: vec![vec![b' '; (6 << 20) + 1].into()],
            ..edge("The request is larger than 6 MB", Case::new(""))
        },
        Edge {
            scaling: Scaling {
                reserved: Some(0),
                ..scaling()
            },
            ..edge("The function's reserved concurrency is zero", Case::new("")).one_event()
        },
    ]
}

fn out_of_turn() -> Vec<Edge> {
    vec![
        edge(
            "The runtime asks for its next event before it has answered",
            Case::new("asks-twice"),
        )
        .one_event()
        .shows_answer(),
        edge("The runtime answers twice", Case::new("answers-twice")).shows_answer(),
        edge(
            "The runtime answers when it has no event",
            Case::new("answers-before-an-event"),
        )
        .one_event()
        .shows_answer(),
        edge(
            "The runtime answers the invocation before",
            Case::new("answers-the-last-one"),
        )
        .shows_answer(),
        edge(
            "The runtime calls a path that does not exist",
            Case::new("wrong-path"),
        )
        .one_event()
        .shows_answer(),
        edge(
            "A thread of the runtime registers as an extension, and some others try to",
            Case::new("internal-extension"),
        )
        .one_event()
        .shows_answer(),
        edge(
            "An extension registers when init is over, and calls as one that is unknown",
            Case::new("late-extension"),
        )
        .shows_answer(),
        edge(
            "The runtime reports an init error when init is over",
            Case::new("late-init-error"),
        )
        .one_event()
        .shows_answer(),
    ]
}

pub const OUT_OF_MEMORY: &str = "The function takes more memory than it has";

fn out_of_memory() -> Edge {
    let mut case = Case::new("allocate").once().platform(|platform| {
        platform.limits = Cgroups::detect(&limits::new_run_id());
    });
    case.function.memory_mb = 128;
    edge(OUT_OF_MEMORY, case)
}
