//! A lab for each test, with the services at no distance.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use lab::programs;
use lab_bench::clock::Clock;
use lab_bench::contract;
use lab_bench::event::Event;
use lab_bench::target::{Target, executables};
use lab_bench::testbed::{Setup, Testbed};
use lab_lambda::api_gateway::http_response;
use lab_lambda::{Environment, Function, Invocation, Outcome, TraceHeader};
use lab_workspace::Workspace;
use serde_json::Value;
use tokio::sync::OnceCell;

/// A lab that is ready, and the steps.
pub struct Bench {
    pub workspace: Workspace,
    pub lab: Testbed,
    /// Every function's steady clock.
    pub clock: Clock,
}

/// The executables of all steps, by the step's name.
static EXECUTABLES: OnceCell<BTreeMap<String, PathBuf>> = OnceCell::const_new();

/// The lines that an environment wrote, with their source.
pub type Lines = Arc<Mutex<Vec<(String, String)>>>;

impl Bench {
    pub async fn start() -> Self {
        let workspace = Workspace::load().unwrap();
        let programs = programs::ensure(true).await.unwrap();
        let setup = Setup {
            workspace: &workspace,
            profile: "loopback",
            parameter_quota: None,
            programs,
        };
        let lab = Testbed::start(setup).await.unwrap();
        let clock = lab.clock(&workspace).await.unwrap();
        Self {
            workspace,
            lab,
            clock,
        }
    }

    /// Everything that must answer with the stadiums, in the order of the ladder.
    pub fn stadium_targets(&self) -> Vec<Target> {
        let targets = self.workspace.steps.iter().map(Target::of_step);
        targets.filter(Target::serves_stadiums).collect()
    }

    /// The same without a reader's own crates: the golden files tell of the repository's steps.
    pub fn lessons(&self) -> Vec<Target> {
        let steps = self.workspace.steps.iter().filter(|step| !step.is_own());
        let targets = steps.map(Target::of_step);
        targets.filter(Target::serves_stadiums).collect()
    }

    pub fn target(&self, name: &str) -> Target {
        Target::of_step(self.workspace.step(name).unwrap())
    }

    pub async fn function(&self, target: &Target) -> Arc<Function> {
        let executables = EXECUTABLES.get_or_init(|| self.build()).await;
        let executable = &executables[&target.name];
        let mut function = self.lab.function(target, executable).unwrap();
        self.clock.govern(&mut function);
        Arc::new(function)
    }

    /// Every step, built once: cargo takes half a second to find that a step is fresh.
    async fn build(&self) -> BTreeMap<String, PathBuf> {
        let steps = self.workspace.steps.iter().map(Target::of_step);
        let targets: Vec<Target> = steps.collect();
        let built = executables(&self.workspace, &targets).await.unwrap();
        let names = targets.into_iter().map(|target| target.name);
        names.zip(built).collect()
    }

    /// A new environment; a cache starts empty.
    pub async fn environment(&self, target: &Target) -> Environment {
        self.lab.before_cold_start(target).await.unwrap();
        Environment::start(&self.function(target).await)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", target.name))
    }

    /// The same, with its log.
    pub async fn logged_environment(&self, target: &Target) -> (Environment, Lines) {
        self.logged_environment_of(target, |_| {}).await
    }

    /// The same, of a function that `configure` has changed.
    pub async fn logged_environment_of(
        &self,
        target: &Target,
        configure: impl FnOnce(&mut Function),
    ) -> (Environment, Lines) {
        self.lab.before_cold_start(target).await.unwrap();
        let lines = Lines::default();
        let sink = Arc::clone(&lines);
        let mut function = Function {
            log: Some(Arc::new(move |line| {
                sink.lock()
                    .unwrap()
                    .push((line.source.to_owned(), line.text.to_owned()));
            })),
            ..Arc::unwrap_or_clone(self.function(target).await)
        };
        configure(&mut function);
        (
            Environment::start(&Arc::new(function)).await.unwrap(),
            lines,
        )
    }

    /// The body that `GET /` answers with, which must be a 200.
    pub async fn get(&self, environment: &mut Environment) -> String {
        let invocation = self.invoke(environment).await;
        let answer = Event::get_root()
            .answer(&invocation.outcome)
            .unwrap_or_else(|error| panic!("{error:#}{}", environment.log_tail()));
        String::from_utf8(answer.into()).unwrap()
    }

    /// The status that `GET /` answers with.
    pub async fn status(&self, environment: &mut Environment) -> u16 {
        match self.invoke(environment).await.outcome {
            Outcome::Response(payload) => http_response(&payload).unwrap().status,
            other => panic!("{other:?}"),
        }
    }

    pub async fn invoke(&self, environment: &mut Environment) -> Invocation {
        let event: Bytes = contract::request();
        environment.invoke(&event, &TraceHeader::new(false)).await
    }

    pub async fn query(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.lab.services.database().query(sql).await.unwrap()
    }

    pub async fn rows(&self) -> Vec<Vec<Option<String>>> {
        self.query("SELECT * FROM stadiums ORDER BY id").await
    }
}

/// The lines that the function wrote itself.
pub fn log(lines: &Lines) -> impl Iterator<Item = Value> {
    let lines = lines.lock().unwrap().clone();
    let own = lines.into_iter().filter(|(source, _)| source == "function");
    own.map(|(_, text)| {
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    })
}

/// The first line with this message, as soon as it is there.
pub async fn until_logged(lines: &Lines, message: &str) -> Value {
    let line = async {
        loop {
            if let Some(line) = log(lines).find(|line| line["message"] == message) {
                return line;
            }
            tokio::task::yield_now().await;
        }
    };
    let line = tokio::time::timeout(Duration::from_secs(30), line).await;
    line.unwrap_or_else(|_| panic!("no line {message:?} in {lines:?}"))
}
