//! What the init phase may find, and what it leaves to the requests. What a service's failure does to a function that starts
//! during it is in `tests/faults.rs`.

use std::sync::Arc;
use std::time::Duration;

use lab_bench::contract;
use lab_bench::target::Target;
use lab_lambda::{Environment, Function};
use lab_services::{Counter, Counts};
use lab_workspace::BackingService;

use crate::support::Bench;

/// Longer than any step keeps an answer in its environment.
const TOO_OLD: Duration = Duration::from_secs(15);

/// The steps that have their settings in variables, and a cache.
fn with_variables(bench: &Bench) -> Vec<Target> {
    let mut targets = bench.stadium_targets();
    targets.retain(|target| !target.variables.is_empty());
    assert!(!targets.is_empty());
    targets
}

/// The function with a variable changed, or without it.
fn changed(function: &Function, name: &str, value: Option<&str>) -> Arc<Function> {
    let mut function = function.clone();
    function.variables.retain(|(known, _)| known != name);
    let set = value.map(|value| (name.to_owned(), value.to_owned()));
    function.variables.extend(set);
    Arc::new(function)
}

#[tokio::test]
async fn a_setting_that_is_missing_or_wrong_is_named_by_the_init_that_fails() {
    let bench = Bench::start().await;
    for target in with_variables(&bench) {
        let function = bench.function(&target).await;
        for name in target.variables.keys() {
            let without = changed(&function, name, None);
            let error = Environment::start(&without).await.err();
            let error = error.unwrap_or_else(|| panic!("{} without {name}", target.name));
            assert!(error.to_string().contains(name.as_str()), "{error}");
        }
        let wrong = changed(&function, "DATABASE_PORT", Some("a port"));
        let error = Environment::start(&wrong).await.err().unwrap().to_string();
        assert!(error.contains("DATABASE_PORT is"), "{error}");
        assert!(error.contains("invalid digit"), "{error}");
    }
}

/// Connections to the cache that a new environment of this function opens until it has answered.
async fn connections(bench: &Bench, function: &Arc<Function>) -> u64 {
    bench.lab.services.cache().flush().await.unwrap();
    let before = bench.lab.services.counts();
    let mut environment = Environment::start(function).await.unwrap();
    contract::check(bench.get(&mut environment).await.as_bytes()).unwrap();
    environment.shutdown().await;
    (bench.lab.services.counts() - before)[Counter::CacheConnections]
}

/// Where the parameters are read at run time, the next environment knows; where the deployment has read them, the next
/// deployment does.
#[tokio::test]
async fn a_changed_parameter_is_seen_by_the_next_environment_or_the_next_deployment() {
    let bench = Bench::start().await;
    let parameters = bench.lab.services.parameters();
    let mut targets = bench.stadium_targets();
    targets.retain(|target| target.services.contains(&BackingService::Cache));
    for target in targets {
        let name = &target.name;
        let deployed = bench.function(&target).await;
        parameters.put("/stadiums/cache/enabled", "false");
        let is_resolved = !target.variables.is_empty();
        let next_environment = connections(&bench, &deployed).await;
        assert_eq!(next_environment, u64::from(is_resolved), "{name}");
        let redeployed = bench.function(&target).await;
        assert_eq!(connections(&bench, &redeployed).await, 0, "{name}");
        bench.lab.put_parameters();
    }
}

fn opened(counts: &Counts) -> u64 {
    counts[Counter::DatabaseConnections] + counts[Counter::CacheConnections]
}

/// With provisioned concurrency, hours may lie between init and the first request.
#[tokio::test]
async fn what_init_opened_may_be_dead_at_the_first_request() {
    let bench = Bench::start().await;
    let services = &bench.lab.services;
    let mut tried = 0;
    for target in bench.stadium_targets() {
        let name = &target.name;
        let before = services.counts();
        let mut environment = bench.environment(&target).await;
        environment.freeze();
        services.settle().await;
        let in_init = services.counts() - before;
        if opened(&in_init) == 0 {
            environment.shutdown().await;
            continue;
        }
        services.database().terminate_sessions().await.unwrap();
        services.cache().stop().await.unwrap();
        services.cache().restart().await.unwrap();
        bench.clock.advance(TOO_OLD).unwrap();
        let before = services.counts();
        contract::check(bench.get(&mut environment).await.as_bytes()).unwrap();
        let asked = services.counts() - before;
        assert_eq!(asked[Counter::DatabaseQueries], 1, "{name}: {asked:?}");
        assert_eq!(asked[Counter::DatabaseConnections], 1, "{name}: {asked:?}");
        bench.get(&mut environment).await;
        environment.shutdown().await;
        tried += 1;
    }
    assert!(tried > 0);
}

/// The first request of an environment that has read its rows in init asks nobody.
#[tokio::test]
async fn what_init_has_read_is_the_first_answer() {
    let bench = Bench::start().await;
    let services = &bench.lab.services;
    for name in ["14", "15"] {
        let mut environment = bench.environment(&bench.target(name)).await;
        services.settle().await;
        let before = services.counts();
        contract::check(bench.get(&mut environment).await.as_bytes()).unwrap();
        let asked = services.counts() - before;
        assert!(crate::nobody_asked(&asked), "{name}: {asked:?}");
        environment.shutdown().await;
    }
}
