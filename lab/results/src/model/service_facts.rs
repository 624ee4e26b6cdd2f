//! The facts that the emulated Lambda service and the backing services are built from, as types.

use std::time::Duration;

use crate::facts::{Error, Facts};

/// How Lambda shares CPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cpu {
    /// Memory size that brings one whole vCPU, MiB.
    pub memory_per_vcpu_mib: f64,
    /// Period of the CPU bandwidth control.
    pub period: Duration,
    /// vCPUs during init, whatever the memory size.
    pub init_vcpus: f64,
    /// CPUs that a process of an environment up to 3008 MB sees.
    pub visible_cpus: u64,
}

impl Cpu {
    /// CPU time that an environment of this size may use in one period while it handles invocations.
    pub fn quota(&self, memory_mb: u32) -> Duration {
        self.period
            .mul_f64(f64::from(memory_mb) / self.memory_per_vcpu_mib)
    }

    /// How long so much CPU time is throttled at this size, at most: as if one thread needed it in one piece, so that every
    /// period but the last is used up.
    pub fn most_throttled(&self, used: Duration, memory_mb: u32) -> Duration {
        let quota = self.quota(memory_mb);
        let periods = (used.as_secs_f64() / quota.as_secs_f64()).ceil();
        self.period.saturating_sub(quota) * (periods as u32).saturating_sub(1)
    }

    /// The smallest memory size, MiB, at which so much CPU time fits into one period, or one thread has a whole vCPU.
    pub fn memory_for(&self, used: Duration) -> u32 {
        let vcpus = used.as_secs_f64() / self.period.as_secs_f64();
        (vcpus.min(1.0) * self.memory_per_vcpu_mib).ceil() as u32
    }

    /// CPU time of one period during init.
    pub fn init_quota(&self) -> Duration {
        self.period.mul_f64(self.init_vcpus)
    }
}

/// What Lambda allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Longest init phase.
    pub init: Duration,
    /// Largest request, bytes.
    pub payload_bytes: u64,
    /// Largest response, bytes.
    pub response_bytes: u64,
    /// Largest response that is streamed, bytes.
    pub streamed_bytes: u64,
    /// Open files of an environment.
    pub file_descriptors: u64,
    /// Processes and threads of an environment.
    pub processes: u64,
    /// Environments of an account in one Region, all functions together.
    pub concurrency: u64,
    /// Environments by which one function may grow in [`Quotas::scaling_window`].
    pub scaling_environments: u64,
    /// The window of the scaling rate.
    pub scaling_window: Duration,
    /// Invocations per second for each unit of concurrency.
    pub rate_per_environment: u64,
    /// From SIGTERM to SIGKILL when internal extensions alone are registered.
    pub shutdown_internal_extension: Duration,
    /// What the runtime has of the time below, when an external extension is registered.
    pub shutdown_runtime_beside_external_extension: Duration,
    /// From the begin of a shutdown to SIGKILL when an external extension is registered.
    pub shutdown_external_extension: Duration,
    /// After how long an idle environment is taken away.
    pub idle: Duration,
    /// API Gateway's timeout of an HTTP API's function.
    pub http_api_timeout: Duration,
}

/// The Parameters and Secrets extension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extension {
    /// Port of its HTTP server.
    pub port: u16,
    /// How long it keeps a value.
    pub time_to_live: Duration,
    /// Connections that it opens to Parameter Store.
    pub connections: u64,
    /// CPU time of its start, assumed.
    pub start_cpu: Duration,
    /// Its memory, assumed, MiB.
    pub memory_mib: u64,
}

impl Facts {
    /// How Lambda shares CPU.
    pub fn cpu(&self) -> Result<Cpu, Error> {
        Ok(Cpu {
            memory_per_vcpu_mib: self.number("cpu.memory_per_vcpu", "MiB")?,
            period: self.duration("cpu.period")?,
            init_vcpus: self.number("cpu.init_vcpus", "vCPU")?,
            visible_cpus: self.integer("cpu.visible_cpus", "CPUs")?,
        })
    }

    /// What Lambda allows.
    pub fn limits(&self) -> Result<Quotas, Error> {
        Ok(Quotas {
            init: self.duration("limits.init")?,
            payload_bytes: self.integer("limits.payload", "MiB")? << 20,
            response_bytes: self.integer("limits.payload_response", "bytes")?,
            streamed_bytes: self.integer("limits.payload_streamed", "MiB")? << 20,
            file_descriptors: self.integer("limits.file_descriptors", "files")?,
            processes: self.integer("limits.processes", "processes and threads")?,
            concurrency: self.integer("limits.concurrency", "environments")?,
            scaling_environments: self.integer("limits.scaling_environments", "environments")?,
            scaling_window: self.duration("limits.scaling_window")?,
            rate_per_environment: self.integer("limits.rate_per_environment", "requests/s")?,
            shutdown_internal_extension: self.duration("limits.shutdown_internal_extension")?,
            shutdown_runtime_beside_external_extension: self
                .duration("limits.shutdown_runtime_beside_external_extension")?,
            shutdown_external_extension: self.duration("limits.shutdown_external_extension")?,
            idle: self.duration("limits.idle")?,
            http_api_timeout: self.duration("limits.http_api_timeout")?,
        })
    }

    /// Environments that a new account may have in one Region.
    pub fn new_account_concurrency(&self) -> Result<u32, Error> {
        self.small("limits.concurrency_new_account", "environments")
    }

    /// The Parameters and Secrets extension.
    pub fn extension(&self) -> Result<Extension, Error> {
        Ok(Extension {
            port: self.small("extension.port", "port")?,
            time_to_live: self.duration("extension.time_to_live")?,
            connections: self.integer("extension.connections", "connections")?,
            start_cpu: self.duration("extension.start_cpu")?,
            memory_mib: self.integer("extension.memory", "MiB")?,
        })
    }

    /// Requests per second that all of an account's readers of Parameter Store in one Region share by default.
    pub fn parameter_store_quota(&self) -> Result<u32, Error> {
        self.small("parameter_store.quota", "requests/s")
    }

    /// A whole number that must fit into a small type.
    fn small<T: TryFrom<u64>>(&self, key: &str, unit: &str) -> Result<T, Error> {
        let number = self.integer(key, unit)?;
        T::try_from(number).map_err(|_| self.error(key, format!("{number} is too large")))
    }
}
