//! Reading a REPORT line: AWS's, as CloudWatch Logs keeps it, and our own.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use super::{Report, Status};
use crate::trace::TraceHeader;

/// Why a line could not be read as a REPORT line.
#[derive(Debug, thiserror::Error)]
#[error("{line:?} is no REPORT line: {field} is missing or is no number from 0 on")]
pub struct ReportError {
    line: String,
    field: &'static str,
}

/// Fields that this project has no use for, such as those of `SnapStart`, are passed over.
impl FromStr for Report {
    type Err = ReportError;

    fn from_str(line: &str) -> Result<Self, ReportError> {
        // The XRAY line belongs to the same log event. No name of a field is in both.
        let fields: HashMap<&str, &str> = line
            .split(['\t', '\n'])
            .filter_map(|field| field.trim().split_once(": "))
            .collect();
        let text = |field: &'static str| {
            let line = line.to_owned();
            let missing = ReportError { line, field };
            fields.get(field).copied().ok_or(missing)
        };
        let number = |field: &'static str, unit: &str| {
            let value = text(field)?.strip_suffix(unit).map(str::trim);
            let number = value.and_then(|value| value.parse::<f64>().ok());
            // Rust reads "NaN" and "inf" as numbers, too.
            let number = number.filter(|number| number.is_finite() && *number >= 0.0);
            let line = line.to_owned();
            number.ok_or(ReportError { line, field })
        };
        let init = fields.contains_key("Init Duration");
        Ok(Self {
            request_id: text("REPORT RequestId")?.to_owned(),
            duration: from_ms(number("Duration", "ms")?),
            memory_mb: number("Memory Size", "MB")? as u32,
            max_memory_mb: number("Max Memory Used", "MB")? as u32,
            init: init
                .then(|| number("Init Duration", "ms").map(from_ms))
                .transpose()?,
            status: status(&fields),
            trace: trace(&fields),
        })
    }
}

/// The lines have whole hundredths of a millisecond.
fn from_ms(ms: f64) -> Duration {
    Duration::from_micros((ms * 1000.0).round() as u64)
}

fn status(fields: &HashMap<&str, &str>) -> Option<Status> {
    match *fields.get("Status")? {
        "timeout" => Some(Status::Timeout),
        other => {
            let kind = fields.get("Error Type").copied().unwrap_or(other);
            Some(Status::Error(kind.to_owned()))
        }
    }
}

fn trace(fields: &HashMap<&str, &str>) -> Option<TraceHeader> {
    Some(TraceHeader {
        root: (*fields.get("XRAY TraceId")?).to_owned(),
        parent: (*fields.get("SegmentId")?).to_owned(),
        sampled: *fields.get("Sampled")? == "true",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Lines in the shapes that AWS's documentation and logs have; ids as the documentation makes them up.
    const WARM: &str = "REPORT RequestId: 533dca35-xmpl-4632-8632-ea4846bcd532\tDuration: 2642.34 ms\tBilled Duration: 2643 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB\t\n";
    const COLD: &str = "REPORT RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\tDuration: 3.10 ms\tBilled Duration: 546 ms\tMemory Size: 2048 MB\tMax Memory Used: 95 MB\tInit Duration: 542.01 ms\t\n";
    const TRACED: &str = "REPORT RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\tDuration: 15.74 ms\tBilled Duration: 147 ms\tMemory Size: 128 MB\tMax Memory Used: 56 MB\tInit Duration: 130.49 ms\t\nXRAY TraceId: 1-5e34a614-10bdxmplf1fb44f07bc535a1\tSegmentId: 07f5xmpl2d1f6f85\tSampled: true\t\n";
    const TIMEOUT: &str = "REPORT RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 69 MB\tStatus: timeout\t\n";
    const CRASH: &str = "REPORT RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\tDuration: 21.33 ms\tBilled Duration: 22 ms\tMemory Size: 256 MB\tMax Memory Used: 19 MB\tStatus: error\tError Type: Runtime.ExitError\t\n";
    const RESTORED: &str = "REPORT RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\tDuration: 14.15 ms\tBilled Duration: 184 ms\tMemory Size: 512 MB\tMax Memory Used: 147 MB\tRestore Duration: 517.42 ms\tBilled Restore Duration: 169 ms\t\n";

    fn parsed(line: &str) -> Report {
        line.parse().unwrap()
    }

    #[test]
    fn a_warm_invocation() {
        let report = parsed(WARM);
        assert_eq!(report.request_id, "533dca35-xmpl-4632-8632-ea4846bcd532");
        assert_eq!(report.duration, Duration::from_micros(2_642_340));
        assert_eq!((report.memory_mb, report.max_memory_mb), (128, 90));
        assert_eq!(
            (report.init, report.status, report.trace),
            (None, None, None)
        );
    }

    #[test]
    fn a_cold_invocation() {
        assert_eq!(parsed(COLD).init, Some(Duration::from_micros(542_010)));
    }

    #[test]
    fn a_sampled_trace_stands_on_a_line_of_its_own() {
        let report = parsed(TRACED);
        assert_eq!(report.init, Some(Duration::from_micros(130_490)));
        let trace = report.trace.unwrap();
        assert_eq!(trace.root, "1-5e34a614-10bdxmplf1fb44f07bc535a1");
        assert_eq!(trace.parent, "07f5xmpl2d1f6f85");
        assert!(trace.sampled);
    }

    #[test]
    fn a_failure_has_its_kind() {
        assert_eq!(parsed(TIMEOUT).status, Some(Status::Timeout));
        let crash = Status::Error("Runtime.ExitError".to_owned());
        assert_eq!(parsed(CRASH).status, Some(crash));
    }

    #[test]
    fn a_restored_environment_had_no_init() {
        let report = parsed(RESTORED);
        assert_eq!(report.init, None);
        assert_eq!(report.duration, Duration::from_micros(14_150));
    }

    /// What is billed is not read: it follows from the rest.
    #[test]
    fn a_line_of_aws_is_written_as_it_was_read() {
        for line in [WARM, COLD, TRACED, TIMEOUT, CRASH] {
            assert_eq!(format!("{}\n", parsed(line)), line);
        }
    }

    #[test]
    fn other_lines_are_refused_by_what_they_lack() {
        let refused = |line: &str| line.parse::<Report>().unwrap_err().to_string();
        assert!(
            refused("START RequestId: 1 Version: $LATEST").contains("REPORT RequestId is missing")
        );
        assert!(refused("").contains("REPORT RequestId is missing"));
        let odd = WARM.replace("2642.34 ms", "soon");
        assert!(refused(&odd).contains("Duration is missing or is no number"));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for odd in [
            "NaN", "nan", "inf", "-inf", "infinity", "1e999", "-0.01", "-3",
        ] {
            for (line, field, value) in [
                (WARM, "Duration", "2642.34 ms"),
                (COLD, "Init Duration", "542.01 ms"),
                (WARM, "Max Memory Used", "90 MB"),
            ] {
                let unit = &value[value.len() - 3..];
                let changed = line.replace(value, &format!("{odd}{unit}"));
                let told = changed.parse::<Report>().unwrap_err().to_string();
                let wanted = format!("{field} is missing or is no number from 0 on");
                assert!(told.contains(&wanted), "{told}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_we_write_is_what_we_read(
            duration in 0_u64..100_000_000, init in proptest::option::of(0_u64..10_000_000),
            memory_mb in 128_u32..10240, max_memory_mb in 1_u32..10240, failed in 0..3, sampled: bool,
        ) {
            let hundredths = |value: u64| Duration::from_micros(value * 10);
            let report = Report {
                request_id: "8f2c1b9e-0000-4000-8000-000000000001".to_owned(),
                duration: hundredths(duration),
                memory_mb,
                max_memory_mb,
                init: init.map(hundredths),
                status: [None, Some(Status::Timeout), Some(Status::Error("Runtime.Unknown".to_owned()))][failed as usize].clone(),
                trace: sampled.then(|| TraceHeader::new(true)),
            };
            prop_assert_eq!(parsed(&report.to_string()), report);
        }
    }
}
