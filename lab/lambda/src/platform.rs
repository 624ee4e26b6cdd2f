//! What holds for every function of an account in a Region: the service's rules, and how this machine enforces them.

use std::time::Duration;

use crate::limits::{Cgroups, Placement};

/// The smallest quota that the kernel takes in a period.
const MINIMUM_QUOTA: Duration = Duration::from_millis(1);

/// The credentials of the function's role, as Lambda puts them into the environment variables.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`
    pub session_token: String,
}

/// The Lambda service as the lab models it. The numbers come from `data/facts.toml`.
#[derive(Debug)]
pub struct Platform {
    /// The Region, for example `us-east-1`.
    pub region: String,
    /// The credentials of the functions' role.
    pub credentials: Credentials,
    /// How CPU and memory are limited on this machine.
    pub limits: Cgroups,
    /// Which CPUs the processes may use.
    pub placement: Placement,
    /// Memory size that brings one whole vCPU, MiB.
    pub memory_per_vcpu_mib: f64,
    /// Period of the CPU bandwidth control.
    pub cpu_period: Duration,
    /// vCPUs during the init phase, at every memory size.
    pub init_vcpus: f64,
    /// The time that the init phase may take.
    pub init_timeout: Duration,
    /// From the begin of a shutdown to SIGKILL where an external extension has registered.
    pub shutdown_budget: Duration,
    /// The part of it that the runtime has before the extensions get their event.
    pub shutdown_budget_of_runtime: Duration,
    /// From SIGTERM to SIGKILL where internal extensions alone have registered.
    pub shutdown_budget_internal: Duration,
    /// Open files that a process may have.
    pub open_files: u64,
    /// The largest request of a synchronous invocation, bytes.
    pub largest_payload: usize,
    /// The largest response of a synchronous invocation, bytes.
    pub largest_response: usize,
    /// The largest response that is streamed, bytes.
    pub largest_stream: usize,
}

impl Platform {
    /// CPU time that an environment of this memory size may use in each period while it handles invocations.
    pub fn quota(&self, memory_mb: u32) -> Duration {
        self.share(f64::from(memory_mb) / self.memory_per_vcpu_mib)
    }

    /// CPU time that an environment may use in each period of its init phase.
    pub fn init_quota(&self) -> Duration {
        self.share(self.init_vcpus)
    }

    fn share(&self, vcpus: f64) -> Duration {
        self.cpu_period.mul_f64(vcpus).max(MINIMUM_QUOTA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_follow_the_memory_size() {
        let platform = Platform {
            region: String::new(),
            credentials: Credentials {
                access_key_id: String::new(),
                secret_access_key: String::new(),
                session_token: String::new(),
            },
            limits: Cgroups::None {
                reason: String::new(),
            },
            placement: Placement::of_this_machine(2),
            memory_per_vcpu_mib: 1769.0,
            cpu_period: Duration::from_millis(20),
            init_vcpus: 2.0,
            init_timeout: Duration::ZERO,
            shutdown_budget: Duration::ZERO,
            shutdown_budget_of_runtime: Duration::ZERO,
            shutdown_budget_internal: Duration::ZERO,
            open_files: 0,
            largest_payload: 0,
            largest_response: 0,
            largest_stream: 0,
        };
        // Published for 128 to 1,769 MiB: 1447, 2894, 5788, 11577 and 20000 µs of 20 ms.
        let quota_us = |memory| platform.quota(memory).as_micros();
        assert_eq!(
            [128, 256, 512, 1024, 1769].map(quota_us),
            [1447, 2894, 5788, 11577, 20000]
        );
        assert_eq!(platform.quota(10), MINIMUM_QUOTA);
        assert_eq!(platform.init_quota(), Duration::from_millis(40));
    }
}
