//! Reading, merging and saving a results file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::load::Load;
pub use crate::model::file_error::Error;
use crate::model::layout::RoundPerLine;
use crate::schema::{Measurement, Method, Place, ResultsFile, SCHEMA, Session};
use crate::trace::Trace;
use crate::tuning::Tuning;

/// Pauses between paced invocations, ms, that are told beside each other: the usual one and sparse ones.
pub const GAPS_MS: [f64; 3] = [25.0, 2000.0, 15_000.0];

impl ResultsFile {
    /// A file without sessions.
    pub fn new(place: Place) -> Self {
        Self {
            schema: SCHEMA,
            place,
            sessions: Vec::new(),
            loads: Vec::new(),
            tune: Vec::new(),
            traces: Vec::new(),
        }
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let file: Self = read(path, "cargo lab run")?;
        file.check(path)?;
        Ok(file)
    }

    /// Reads a file, or begins a new one where there is none.
    pub fn load_or_new(path: &Path, place: Place) -> Result<Self, Error> {
        let file = match Self::load(path) {
            Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Self::new(place)
            }
            other => other?,
        };
        if file.place != place {
            return Err(Error::Place {
                path: path.to_owned(),
                found: file.place,
                wanted: place,
            });
        }
        Ok(file)
    }

    /// Fails now, instead of after minutes of measuring, where [`ResultsFile::add`] would: reads the file if there is
    /// one, and tries whether its folder can be written to.
    pub fn prepare(path: &Path, place: Place) -> Result<Self, Error> {
        fs::create_dir_all(folder_of(path))
            .and_then(|()| tempfile::tempfile_in(folder_of(path)))
            .map_err(Error::write(path))?;
        Self::load_or_new(path, place)
    }

    /// Adds a session to the file at `path` and returns the whole.
    pub fn add(path: &Path, place: Place, session: Session) -> Result<Self, Error> {
        Self::change(path, place, |file| file.merge(session))
    }

    /// Changes the file at `path` and returns the whole.
    ///
    /// Two labs that end at the same time do not lose each other's results: the folder is locked meanwhile.
    pub fn change(
        path: &Path,
        place: Place,
        change: impl FnOnce(&mut Self),
    ) -> Result<Self, Error> {
        let folder = folder_of(path);
        let lock = fs::create_dir_all(folder).and_then(|()| File::open(folder));
        let lock = lock.map_err(Error::write(path))?;
        lock.lock().map_err(Error::write(path))?;
        let mut file = Self::load_or_new(path, place)?;
        change(&mut file);
        file.save(path)?;
        Ok(file)
    }

    /// Adds what a step did at several memory sizes; it replaces the step's older ones under the same network profile.
    pub fn merge_tuning(&mut self, tuning: Tuning) {
        let profile = tuning.conditions.profile();
        self.tune
            .retain(|older| older.step != tuning.step || older.conditions.profile() != profile);
        self.tune.push(tuning);
    }

    /// Adds a timeline; it replaces the step's older one of the same kind under the same network profile.
    pub fn merge_trace(&mut self, trace: Trace) {
        self.traces.retain(|older| {
            (&older.step, older.temperature) != (&trace.step, trace.temperature)
                || older.conditions.profile() != trace.conditions.profile()
        });
        self.traces.push(trace);
    }

    /// Adds a session as the newest one.
    ///
    /// What it measured replaces what older sessions measured of the same step under the same network profile. A memory
    /// size given by hand replaces only the same size given by hand, a quick session only what was measured quickly, and
    /// sparse traffic only what was measured as far apart.
    /// Sessions that have nothing left go.
    pub fn merge(&mut self, session: Session) {
        for older in &mut self.sessions {
            let is_outranked = session.conditions.method.quick && !older.conditions.method.quick;
            let is_alike =
                older.profile() == session.profile() && gap_of(older) == gap_of(&session);
            if is_alike && !is_outranked {
                older.measurements.retain(|step, old| {
                    let new = session.measurements.get(step);
                    new.is_none_or(|new| overridden_to(old) != overridden_to(new))
                });
            }
        }
        self.sessions.retain(|older| {
            older.conditions.id != session.conditions.id && !older.measurements.is_empty()
        });
        self.sessions.push(session);
    }

    /// Adds the rounds of `session` to those of the session with the same measurements under the same conditions that
    /// began last, as further starts of everything; an error says what is different.
    pub fn join(&mut self, session: Session) -> Result<(), String> {
        let older = self.sessions.iter_mut().rev();
        let mut alike = older.filter(|it| it.measurements.keys().eq(session.measurements.keys()));
        match alike.find(|older| older.conditions.measures_as(&session.conditions)) {
            Some(older) => {
                older.extend(session);
                Ok(())
            }
            None => Err("no session of this file measured the same targets on the same machine, from the same source, under \
                         the same network profile, limits and pauses"
                .to_owned()),
        }
    }

    /// Adds a load to the file at `path` and returns the whole.
    pub fn add_load(path: &Path, place: Place, load: Load) -> Result<Self, Error> {
        Self::change(path, place, |file| file.merge_load(load))
    }

    /// Adds a load as the newest one. It replaces what older ones saw of the same step under the same conditions.
    pub fn merge_load(&mut self, load: Load) {
        for older in &mut self.loads {
            if older.is_like(&load) {
                older.steps.retain(|step, _| !load.steps.contains_key(step));
            }
        }
        self.loads
            .retain(|older| older.conditions.id != load.conditions.id && !older.steps.is_empty());
        self.loads.push(load);
    }

    /// The newest measurement of a step at its own memory size, with its session.
    pub fn latest(&self, profile: Option<&str>, step: &str) -> Option<(&Session, &Measurement)> {
        let session = self.newest_with(profile, &[step])?;
        Some((session, session.measurements.get(step)?))
    }

    /// The newest session that measured all these steps at their own memory sizes: only there may they be compared. A
    /// quick session is taken where there is no other, one with sparse traffic never.
    pub fn newest_with(&self, profile: Option<&str>, steps: &[&str]) -> Option<&Session> {
        self.newest_where(profile, steps, |method| !method.is_sparse())
    }

    /// The same with the paced invocations so many ms apart.
    pub fn newest_apart(
        &self,
        profile: Option<&str>,
        steps: &[&str],
        gap_ms: f64,
    ) -> Option<&Session> {
        self.newest_where(profile, steps, |method| {
            method.paced_gap_ms.total_cmp(&gap_ms).is_eq()
        })
    }

    fn newest_where(
        &self,
        profile: Option<&str>,
        steps: &[&str],
        wanted: impl Fn(&Method) -> bool,
    ) -> Option<&Session> {
        let has = |session: &Session, step: &str| {
            let measurement = session.measurements.get(step);
            measurement.is_some_and(|measurement| !measurement.memory_overridden)
        };
        let fitting = |session: &&Session| {
            session.profile() == profile
                && wanted(&session.conditions.method)
                && steps.iter().all(|step| has(session, step))
        };
        let newest_first = || self.sessions.iter().rev().filter(fitting);
        newest_first()
            .find(|session| !session.conditions.method.quick)
            .or_else(|| newest_first().next())
    }

    /// Writes the file, whole or not at all. One round is one line, so that git can show a difference.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        self.check(path)?;
        self.replace(path).map_err(Error::write(path))
    }

    fn replace(&self, path: &Path) -> io::Result<()> {
        let temporary = tempfile::Builder::new()
            .prefix(".results-")
            // As for any file in a repository; a temporary file would be its owner's alone.
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(folder_of(path))?;
        self.write(BufWriter::new(temporary.as_file()))?;
        temporary.as_file().sync_all()?;
        temporary.persist(path)?;
        Ok(())
    }

    /// Writes the file's text.
    pub fn write(&self, mut writer: impl Write) -> io::Result<()> {
        let mut serializer =
            serde_json::Serializer::with_formatter(&mut writer, RoundPerLine::default());
        self.serialize(&mut serializer)?;
        writer.write_all(b"\n")?;
        writer.flush()
    }

    /// Fails on what JSON or the statistics would turn into nonsense.
    fn check(&self, path: &Path) -> Result<(), Error> {
        let sessions = self.sessions.iter().flat_map(|session| {
            let id = &session.conditions.id;
            session
                .measurements
                .iter()
                .filter_map(move |(step, measurement)| {
                    let what = problem_of(measurement)?;
                    Some(format!("session {id:?}, step {step:?}: {what}"))
                })
        });
        let loads = self.loads.iter().flat_map(|load| {
            let id = &load.conditions.id;
            load.steps.iter().filter_map(move |(step, loaded)| {
                let what = loaded.problem()?;
                Some(format!("load {id:?}, step {step:?}: {what}"))
            })
        });
        let sizes = self.tune.iter().flat_map(|tuning| {
            let step = &tuning.step;
            tuning.sizes.iter().filter_map(move |size| {
                let what = problem_of(size)?;
                Some(format!("tuning of {step:?}, {} MB: {what}", size.memory_mb))
            })
        });
        let path = path.to_owned();
        match sessions.chain(loads).chain(sizes).next() {
            Some(problem) => Err(Error::Invalid { path, problem }),
            None => Ok(()),
        }
    }
}

/// What a file holds, if it is of this version; `again` measures it again. The version is read before anything else, so
/// that another one is not called malformed.
pub(crate) fn read<T: DeserializeOwned>(file: &Path, again: &'static str) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Version {
        schema: Option<u64>,
    }
    let path = file.to_owned();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(source) => return Err(Error::Read { path, source }),
    };
    let read = serde_json::from_str(&text).and_then(|version: Version| {
        // The first fault matrices said no version.
        let found = version.schema.unwrap_or(1);
        let is_ours = found == u64::from(SCHEMA);
        Ok(if is_ours {
            Ok(serde_json::from_str(&text)?)
        } else {
            Err(found)
        })
    });
    match read {
        Ok(Ok(content)) => Ok(content),
        Ok(Err(found)) => Err(Error::Version { path, found, again }),
        Err(source) => Err(Error::Malformed { path, source }),
    }
}

/// The pause between paced invocations, ms, where the traffic is sparse; else nothing, however short it is.
fn gap_of(session: &Session) -> Option<f64> {
    let method = &session.conditions.method;
    method.is_sparse().then_some(method.paced_gap_ms)
}

fn overridden_to(measurement: &Measurement) -> Option<u32> {
    measurement
        .memory_overridden
        .then_some(measurement.memory_mb)
}

fn problem_of(measurement: &Measurement) -> Option<String> {
    if measurement.rounds.is_empty() {
        return Some("it has no rounds".to_owned());
    }
    let mut rounds = measurement.rounds.iter().enumerate();
    rounds.find_map(|(number, round)| {
        let means = [
            Some(round.closed_per_second),
            round.warm_cpu_us,
            round.warm_throttled_us,
            round.warm_network_us,
            round.closed_cpu_us,
            round.closed_throttled_us,
        ];
        let counts = round.counts_cold.values().chain(round.counts_warm.values());
        let mut numbers = means.iter().flatten().chain(counts);
        let problem = if numbers.any(|number| !number.is_finite() || *number < 0.0) {
            "a number that is negative or not finite"
        } else if round.warm_us.len() != round.warm_duration_us.len() {
            "another number of latencies than of durations"
        } else {
            return None;
        };
        Some(format!("round {number} has {problem}"))
    })
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}
