//! What a million warm requests cost in us-east-1, USD.
//!
//! Prices are those of the first tier, without the free tier. Cold starts are not included: init is billed as well,
//! but how many requests meet one depends on the traffic. Neither is what costs by the hour (database, proxy, cache).

use crate::facts::{Error, Facts};
use crate::schema::{Measurement, Metric};

/// The prices that the lab computes with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// A Lambda request, USD.
    pub request: f64,
    /// A GB-second on `x86_64`, USD.
    pub gb_second_x86_64: f64,
    /// A GB-second on `arm64`, USD.
    pub gb_second_arm64: f64,
    /// A request through an HTTP API, USD.
    pub http_api_request: f64,
}

/// The cost of a million warm requests, USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Lambda's GB-seconds.
    pub compute: f64,
    /// Lambda's request fee.
    pub requests: f64,
    /// API Gateway's request fee.
    pub http_api: f64,
}

impl Cost {
    /// What Lambda charges.
    pub fn lambda(&self) -> f64 {
        self.compute + self.requests
    }

    /// Lambda and API Gateway.
    pub fn total(&self) -> f64 {
        self.lambda() + self.http_api
    }
}

impl Facts {
    /// The prices that the lab computes with.
    pub fn prices(&self) -> Result<Prices, Error> {
        Ok(Prices {
            request: self.number("prices.lambda.request", "USD/million requests")? / 1e6,
            gb_second_x86_64: self.number("prices.lambda.gb_second_x86_64", "USD/GB-s")?,
            gb_second_arm64: self.number("prices.lambda.gb_second_arm64", "USD/GB-s")?,
            http_api_request: self.number("prices.http_api.request", "USD/million requests")? / 1e6,
        })
    }
}

impl Prices {
    /// The cost of a million invocations of these REPORT durations (microseconds): each is billed in whole
    /// milliseconds, rounded up. None without durations or for an architecture other than `x86_64` and `arm64`.
    pub fn million(
        &self,
        durations_us: &[f64],
        memory_mb: u32,
        architecture: &str,
    ) -> Option<Cost> {
        let billed: Vec<f64> = durations_us.iter().map(|us| billed_ms(*us)).collect();
        let billed = crate::stats::mean(&billed)?;
        Some(Cost {
            compute: billed * self.millisecond(memory_mb, architecture)? * 1e6,
            requests: self.request * 1e6,
            http_api: self.http_api_request * 1e6,
        })
    }

    /// A billed millisecond at this size, USD; none for an architecture other than `x86_64` and `arm64`.
    pub fn millisecond(&self, memory_mb: u32, architecture: &str) -> Option<f64> {
        let gb_second = match architecture {
            "x86_64" => self.gb_second_x86_64,
            "arm64" => self.gb_second_arm64,
            _ => return None,
        };
        Some(f64::from(memory_mb) / 1024.0 * gb_second / 1e3)
    }

    /// The cost of a million warm requests as measured at the paced rate.
    pub fn million_of(&self, measurement: &Measurement) -> Option<Cost> {
        let durations = measurement.rounds_of(Metric::WarmDuration).concat();
        self.million(&durations, measurement.memory_mb, &measurement.architecture)
    }
}

/// What Lambda bills for a duration in microseconds, ms.
pub fn billed_ms(us: f64) -> f64 {
    (us / 1e3).ceil().max(1.0)
}
