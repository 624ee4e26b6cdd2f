//! What `data/facts.toml` says, as the emulated service and the services take it.

use std::path::PathBuf;

use anyhow::Result;
use lab_lambda::{Cgroups, Credentials, Extension, Placement, Platform, Scaling};
use lab_results::facts::Facts;
use lab_results::schema;
use lab_results::service_facts;
use lab_services::{Link, Network, REGION};

use crate::run_directory::RunDirectory;

/// The constants of the service, from `data/facts.toml`, and this machine's means to enforce them.
pub fn platform(facts: &Facts, directory: &RunDirectory) -> Result<Platform> {
    let (cpu, limits) = (facts.cpu()?, facts.limits()?);
    Ok(Platform {
        region: REGION.to_owned(),
        credentials: Credentials {
            access_key_id: String::new(),
            secret_access_key: String::new(),
            session_token: String::new(),
        },
        limits: Cgroups::detect(directory.run_id()),
        placement: Placement::of_this_machine(cpu.visible_cpus as usize),
        memory_per_vcpu_mib: cpu.memory_per_vcpu_mib,
        cpu_period: cpu.period,
        init_vcpus: cpu.init_vcpus,
        init_timeout: limits.init,
        shutdown_budget: limits.shutdown_external_extension,
        shutdown_budget_of_runtime: limits.shutdown_runtime_beside_external_extension,
        shutdown_budget_internal: limits.shutdown_internal_extension,
        open_files: limits.file_descriptors,
        largest_payload: limits.payload_bytes as usize,
        largest_response: limits.response_bytes as usize,
        largest_stream: limits.streamed_bytes as usize,
    })
}

/// How the service scales a function that has nothing reserved.
pub fn scaling(facts: &Facts) -> Result<Scaling> {
    let limits = facts.limits()?;
    Ok(Scaling {
        account_concurrency: limits.concurrency as u32,
        reserved: None,
        grow_by: limits.scaling_environments as u32,
        grow_within: limits.scaling_window,
        rate_per_environment: limits.rate_per_environment as u32,
        idle: limits.idle,
    })
}

/// The emulated extension, which costs at its start what the facts assume of the real one.
pub(super) fn extension_of(path: PathBuf, assumed: &service_facts::Extension) -> Extension {
    let variable = |name: &str, value: String| (name.to_owned(), value);
    Extension {
        path,
        variables: vec![
            variable(
                "LAB_EXTENSION_START_CPU_MS",
                assumed.start_cpu.as_millis().to_string(),
            ),
            variable("LAB_EXTENSION_MEMORY_MIB", assumed.memory_mib.to_string()),
        ],
        port_variable: Some("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT".to_owned()),
    }
}

pub(super) fn network_of(network: &schema::Network) -> Network {
    let link = |link: &schema::Link| Link {
        round_trip: link.round_trip(),
        service_time: link.service(),
        session_setup: link.session_setup(),
    };
    Network {
        database: link(&network.database),
        cache: link(&network.cache),
        parameters: link(&network.parameters),
    }
}
