//! Both ends of the Node.js sample, written anew in `lab/calibration`, beside the steps of the same architecture.

use anyhow::Result;
use lab_results::format::{duration, times};
use lab_results::schema::{Measurement, Metric, ResultsFile, Session};
use lab_results::view::quantity::{COUNTED, Quantity, count};
use lab_results::view::section::{Column, Content, Section};
use lab_workspace::Workspace;

use crate::measured::{Measured, PROFILE};

/// The sample's ends, and the steps that do the same in Rust.
pub const BEFORE: [&str; 2] = ["sample-before", "00-unoptimized"];
/// The same of the other end.
pub const AFTER: [&str; 2] = ["sample-after", "07-memory"];

/// What stands in a chapter as long as nobody has measured it.
pub const NOT_MEASURED: &str = "not measured yet";

/// What is told of each.
const SHOWN: [(&str, Quantity); 7] = [
    ("memory size, MB", Quantity::Memory),
    ("warm request, median", Quantity::P50),
    ("CPU time of a warm request", Quantity::Cpu),
    ("init phase", Quantity::Init),
    ("cold start: init and first request", Quantity::Cold),
    ("memory used", Quantity::Used),
    ("a million warm requests in Lambda", Quantity::Cost),
];

/// What was measured of them: `cargo lab run` and `tune` as `.ci/reference` calls them.
pub struct Calibration {
    /// With the functions' JIT warm; the sizes are in it, too.
    warm: Option<ResultsFile>,
    /// From the first request of an environment on.
    first: Option<ResultsFile>,
}

impl Calibration {
    /// Reads the results files, where they are there.
    pub fn load(workspace: &Workspace) -> Result<Self> {
        let read = |name: &str| {
            let path = workspace.root.join("data/results").join(name);
            let there = path.exists().then(|| ResultsFile::load(&path));
            there.transpose()
        };
        Ok(Self {
            warm: read("calibration.json")?,
            first: read("calibration-first.json")?,
        })
    }

    /// The newest session that has both ends and both steps.
    fn session(&self, profile: &str) -> Option<&Session> {
        let names = [BEFORE, AFTER].concat();
        self.warm.as_ref()?.newest_with(Some(profile), &names)
    }

    /// The median of an end or a step once the JIT has compiled, ms.
    pub fn ms(&self, name: &str, metric: Metric) -> Option<f64> {
        let measurement = self.session(PROFILE)?.measurements.get(name)?;
        Some(measurement.median(metric)? / 1e3)
    }

    /// The median of the first warm requests of each environment, ms.
    pub fn first_ms(&self, name: &str) -> Option<f64> {
        let (_, measurement) = self.first.as_ref()?.latest(Some(PROFILE), name)?;
        Some(measurement.median(Metric::Warm)? / 1e3)
    }

    /// A function at a memory size.
    fn at(&self, name: &str, memory_mb: u32) -> Option<&Measurement> {
        let tuned = self.warm.as_ref()?.tune.iter().rev();
        let fits = |size: &&Measurement| size.memory_mb == memory_mb;
        tuned
            .filter(|tuning| tuning.step == name && tuning.conditions.profile() == Some(PROFILE))
            .find_map(|tuning| tuning.sizes.iter().find(fits))
    }
}

/// The table: both ends in both languages.
pub fn languages(measured: &Measured, calibration: &Calibration) -> String {
    let Some(session) = calibration.session(PROFILE) else {
        return not_measured();
    };
    let columns = [BEFORE, AFTER].concat();
    let of = |name: &&str| &session.measurements[*name];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (heading, quantity) in SHOWN {
        let cells = columns.iter().map(of);
        let cells = cells.map(|it| quantity.of(it, measured.prices()).unwrap_or_default());
        rows.push([heading.to_owned()].into_iter().chain(cells).collect());
    }
    if let Some(near) = calibration.session("loopback") {
        let medians = columns.iter().map(|name| {
            let median = near.measurements[*name].median(Metric::Warm);
            median.map(duration).unwrap_or_default()
        });
        let heading = "warm request without any distance".to_owned();
        rows.push([heading].into_iter().chain(medians).collect());
    }
    for (heading, counters) in COUNTED {
        let asked = columns.iter().map(of).map(|it| {
            let counts = it.counts_warm();
            let found = counters.iter().filter_map(|name| counts.get(*name));
            count(found.fold(0.0, |sum, count| sum + count))
        });
        let heading = match heading {
            "database" | "cache" => format!("{heading} round trips of a warm request"),
            other => format!("{other} of a warm request"),
        };
        rows.push([heading].into_iter().chain(asked).collect());
    }
    table(
        &[
            "before, Node.js",
            "before, Rust: 00",
            "after, Node.js",
            "after, Rust: 07",
        ],
        rows,
    )
}

/// Both ends in both languages at the sample's two memory sizes: medians of warm requests.
pub fn sizes(calibration: &Calibration) -> String {
    let columns = [BEFORE, AFTER].concat();
    let rows = [256, 1024].map(|memory_mb| {
        let medians = columns.iter().map(|name| {
            let measured = calibration.at(name, memory_mb);
            measured
                .and_then(|it| it.median(Metric::Warm))
                .map(duration)
        });
        (memory_mb, medians.collect::<Option<Vec<String>>>())
    });
    let rows: Option<Vec<Vec<String>>> = rows
        .into_iter()
        .map(|(memory_mb, medians)| Some([vec![format!("{memory_mb} MB")], medians?].concat()))
        .collect();
    match rows {
        Some(rows) => table(
            &[
                "before, Node.js",
                "before, Rust: 00",
                "after, Node.js",
                "after, Rust: 07",
            ],
            rows,
        ),
        None => not_measured(),
    }
}

/// What architecture is worth, and what the language.
pub fn in_words(calibration: &Calibration) -> String {
    let words = || {
        let session = calibration.session(PROFILE)?;
        let ratio = |before, after| Some(times(session.ratio(before, after, Metric::Warm)?));
        let cpu = |name| session.measurements.get(name)?.mean(|it| it.warm_cpu_us);
        let [cpu_before, cpu_after] =
            [BEFORE, AFTER].map(|[node, rust]| Some(times(cpu(node)? / cpu(rust)?)));
        Some(format!(
            "The architecture made a warm request {} as fast in Node.js and {} in Rust. The language, with the architecture and \
             the logging alike, makes it {} as fast before and {} after; a request in Node.js takes {} the CPU time before and \
             {} after.",
            ratio(BEFORE[0], AFTER[0])?,
            ratio(BEFORE[1], AFTER[1])?,
            ratio(BEFORE[0], BEFORE[1])?,
            ratio(AFTER[0], AFTER[1])?,
            cpu_before?,
            cpu_after?,
        ))
    };
    words().unwrap_or_else(not_measured)
}

fn not_measured() -> String {
    format!("*{NOT_MEASURED}: `lab/calibration/README.md` has the commands.*")
}

fn table(headings: &[&str], rows: Vec<Vec<String>>) -> String {
    let columns = headings.iter().map(|it| Column::new(*it, Content::Number));
    Section {
        columns: [Column::new("", Content::Text)]
            .into_iter()
            .chain(columns)
            .collect(),
        rows,
        ..Section::default()
    }
    .page()
}

#[cfg(test)]
pub(crate) mod tests {
    use lab_results::schema::Place;

    use super::*;

    /// As long as nobody has measured.
    pub const NOTHING: Calibration = Calibration {
        warm: None,
        first: None,
    };

    /// Each end and step with warm requests that all took so long, ms.
    fn measured_as(measured: &Measured, warm_ms: [u64; 4]) -> Calibration {
        let session = measured.reference.newest_with(Some(PROFILE), &["floor"]);
        let mut session = session.unwrap().clone();
        let floor = session.measurements.remove("floor").unwrap();
        session.measurements.clear();
        for (name, ms) in [BEFORE, AFTER].concat().into_iter().zip(warm_ms) {
            let mut measurement = floor.clone();
            for round in &mut measurement.rounds {
                round.warm_us.fill(ms * 1000);
                round.warm_cpu_us = Some(ms as f64 * 100.0);
            }
            session.measurements.insert(name.to_owned(), measurement);
        }
        let mut file = ResultsFile::new(Place::Local);
        file.merge(session);
        Calibration {
            warm: Some(file),
            first: None,
        }
    }

    #[test]
    fn architecture_and_language_are_told_apart() {
        let measured = Measured::load(Workspace::load().unwrap()).unwrap();
        let calibration = measured_as(&measured, [200, 50, 4, 2]);
        let words = in_words(&calibration);
        assert!(
            words.contains("50.0x as fast in Node.js and 25.0x in Rust")
                && words.contains("4.00x as fast before and 2.00x after")
                && words.contains("4.00x the CPU time before and 2.00x"),
            "{words}"
        );
        let table = languages(&measured, &calibration);
        assert!(
            table.contains("| warm request, median | 200 ms | 50.0 ms | 4.00 ms | 2.00 ms |")
                && table.contains("| cache round trips of a warm request | 0 | 0 | 0 | 0 |"),
            "{table}"
        );
        assert!(sizes(&calibration).contains(NOT_MEASURED));
    }

    #[test]
    fn a_page_is_built_before_anything_is_measured() {
        let measured = Measured::load(Workspace::load().unwrap()).unwrap();
        for told in [
            languages(&measured, &NOTHING),
            sizes(&NOTHING),
            in_words(&NOTHING),
        ] {
            assert!(told.contains(NOT_MEASURED), "{told}");
        }
    }
}
