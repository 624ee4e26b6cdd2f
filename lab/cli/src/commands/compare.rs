//! `lab compare`: which is faster, by how much, is it real?

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use lab_results::price::Prices;
use lab_results::schema::{ResultsFile, Session};
use lab_results::sensitivity;
use lab_results::view::compare::{self, Named, Pasted, Report};

use super::arguments::LOCAL_RESULTS;
use super::output::{self, written};
use lab_workspace::Workspace;
use lab_workspace::function_file::FunctionFile;

const EXAMPLES: &str = "\
Examples:
  cargo lab compare 03 mine                    two steps of the same run: which is faster, and is it real?
  cargo lab compare 00 02 05                   00 against each of the others
  cargo lab compare ada.json bob.json          the same steps on two machines, in multiples of each machine's floor
  cargo lab compare - < lines.txt              a leaderboard of everybody's line of `cargo lab run --label NAME`, ranked
  cargo lab compare - ada.json --html board.html
  cargo lab compare --sensitivity              would it hold if the services were nearer or farther, or requests fewer?
  cargo lab compare --html page.html           all that was measured here, on one page";

/// Where the workshop's own numbers are.
const REFERENCE: &str = "data/results/reference.json";

/// Compare steps that were measured side by side, results files, or rank many people's results.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Compare {
    /// Steps; or results files; or - for lines on standard input, with files that hold lines or results
    #[arg(value_name = "STEP, FILE or -")]
    names: Vec<String>,
    /// Which gains hold over all distances that data/facts.toml thinks possible, and where requests are seconds apart
    #[arg(long, conflicts_with_all = ["leaderboard", "html", "profile"])]
    sensitivity: bool,
    /// Rank files, as - does
    #[arg(long, alias = "room")]
    leaderboard: bool,
    /// With steps: the results file [default: data/results/local.json, else reference.json]
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Network profile [default: region where it was measured]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    #[command(flatten)]
    width: output::Width,
    #[command(flatten)]
    form: Form,
    /// Write one page that holds everything, with the pictures
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// What is printed instead of tables.
#[derive(Debug, Args)]
struct Form {
    /// Print Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

struct Compared {
    title: String,
    report: Report,
    files: Vec<Named>,
    profile: String,
}

impl Compare {
    /// Compares and prints.
    pub fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let prices = workspace.facts()?.prices()?;
        let compared = self.compare(&workspace, &prices)?;
        let report = &compared.report;
        let text = if self.form.json {
            serde_json::to_string_pretty(&report.json)? + "\n"
        } else if self.form.markdown {
            report.markdown()
        } else {
            report.text(self.width.columns())
        };
        written(write!(std::io::stdout().lock(), "{text}"))?;
        if let Some(path) = &self.html {
            let Compared {
                title,
                report,
                files,
                profile,
            } = &compared;
            let page = compare::page(title, report, files, profile, &prices);
            output::file("page", path, &page)?;
        }
        Ok(())
    }

    fn compare(&self, workspace: &Workspace, prices: &Prices) -> Result<Compared> {
        let is_file = |name: &String| name == "-" || is_results(Path::new(name));
        let is_json = |name: &String| Path::new(name).extension().is_some_and(|it| it == "json");
        let files = self.names.iter().filter(|name| is_file(name)).count();
        if self.sensitivity {
            return self.sensitivity(workspace);
        }
        if self.leaderboard || self.names.iter().any(|name| name == "-") {
            return self.leaderboard();
        }
        if let Some(name) = self
            .names
            .iter()
            .find(|name| is_json(name) && !is_file(name))
        {
            bail!("there is no file {name}");
        }
        if files == 0 && !self.names.is_empty() {
            return self.steps(workspace, prices);
        }
        if let Some(name) = self.names.iter().find(|name| !is_file(name)) {
            bail!("{name} is no file, and steps and files cannot be compared with each other");
        }
        self.files(workspace, prices)
    }

    fn leaderboard(&self) -> Result<Compared> {
        let mut pasted = Pasted::default();
        let mut files = Vec::new();
        for name in &self.names {
            if name == "-" {
                let mut text = String::new();
                std::io::stdin()
                    .read_to_string(&mut text)
                    .context("cannot read standard input")?;
                pasted.lines(&text, "standard input");
                continue;
            }
            let path = Path::new(name);
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
            if text.trim_start().starts_with('{') {
                let named = Named::load(path)?;
                pasted.file(&named);
                files.push(named);
            } else {
                pasted.lines(&text, name);
            }
        }
        let report = compare::leaderboard(&pasted);
        ensure!(
            !report.sections.is_empty(),
            "there is no result in it: paste the line that `cargo lab run --label NAME` ends with\n{}",
            report.warnings.join("\n")
        );
        // A page of many people's pictures would be read by nobody: the ranking alone.
        Ok(Compared {
            title: "Who is fastest?".to_owned(),
            report,
            files: Vec::new(),
            profile: String::new(),
        })
    }

    /// What the results call everything that is named.
    fn measured_names(&self, workspace: &Workspace) -> Result<Vec<String>> {
        let names = self.names.iter();
        names
            .map(|name| self.measured_name(workspace, name))
            .collect()
    }

    /// The file that was asked for, else the reader's own and the workshop's, as they are named.
    fn tried(&self) -> Vec<PathBuf> {
        match &self.results {
            Some(path) => vec![path.clone()],
            None => [LOCAL_RESULTS, REFERENCE].map(PathBuf::from).into(),
        }
    }

    /// Those that are there; one that was asked for in any case, so that reading it says what is wrong.
    fn readable(&self, workspace: &Workspace) -> Vec<PathBuf> {
        let tried = self.tried().into_iter();
        tried
            .map(|path| workspace.root.join(path))
            .filter(|path| self.results.is_some() || path.exists())
            .collect()
    }

    /// What the results call a step, a function or a measured file, which need not be there any more.
    fn measured_name(&self, workspace: &Workspace, name: &str) -> Result<String> {
        let described = FunctionFile::at(Path::new(name));
        match (workspace.step(name), described) {
            (Ok(step), _) => Ok(step.name.clone()),
            (Err(_), Some(file)) => Ok(FunctionFile::load(&file)?.name),
            (Err(_), None) if name.contains('/') => Ok(name.to_owned()),
            (Err(unknown), None) => {
                let results = self.results.as_deref().unwrap_or(Path::new(LOCAL_RESULTS));
                let file = Named::load(&workspace.root.join(results));
                let is_measured = file.is_ok_and(|named| {
                    let mut sessions = named.file.sessions.iter();
                    sessions.any(|session| session.measurements.contains_key(name))
                });
                if is_measured {
                    Ok(name.to_owned())
                } else {
                    Err(unknown)
                }
            }
        }
    }

    fn steps(&self, workspace: &Workspace, prices: &Prices) -> Result<Compared> {
        let names = self.measured_names(workspace)?;
        ensure!(
            names.len() > 1,
            "name a second step to compare {} with",
            names[0]
        );
        for path in self.readable(workspace) {
            let file = Named::load(&path)?;
            let report = compare::steps(&file.file, self.profile.as_deref(), &names, prices);
            let Some(report) = report else { continue };
            say_from(workspace, &path);
            let profile = report.json["profile"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            return Ok(Compared {
                title: format!("{} compared", names.join(", ")),
                report,
                files: vec![file],
                profile,
            });
        }
        let tried = self.tried();
        let tried: Vec<String> = tried
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let (under, option) = match &self.profile {
            Some(profile) => (
                format!(" under the network profile {profile}"),
                format!(" --profile {profile}"),
            ),
            None => Default::default(),
        };
        bail!(
            "no session in {} measured all of {} side by side{under}, and numbers of different sessions are not divided by each \
             other: cargo lab run {}{option}",
            tried.join(" or "),
            names.join(", "),
            self.names.join(" ")
        )
    }

    /// The steps that the reader or else the reference measured with distance and without.
    fn sensitivity(&self, workspace: &Workspace) -> Result<Compared> {
        let wanted = self.measured_names(workspace)?;
        let assumptions = sensitivity::assumptions(workspace.facts()?, compare::USUAL_PROFILE)?;
        for path in self.readable(workspace) {
            let file = ResultsFile::load(&path)?;
            if let Some(report) = compare::sensitivity(&file, &wanted, assumptions.clone()) {
                say_from(workspace, &path);
                return Ok(Compared {
                    title: "If it were otherwise".to_owned(),
                    report,
                    files: Vec::new(),
                    profile: compare::USUAL_PROFILE.to_owned(),
                });
            }
        }
        let names = self.names.join(" ");
        bail!(
            "nothing was measured both with distance and without: cargo lab run {names}, then cargo lab run {names} --profile loopback"
        )
    }

    fn files(&self, workspace: &Workspace, prices: &Prices) -> Result<Compared> {
        let paths: Vec<PathBuf> = if self.names.is_empty() {
            let own = self.results.clone().unwrap_or_else(|| LOCAL_RESULTS.into());
            vec![workspace.root.join(own)]
        } else {
            self.names.iter().map(PathBuf::from).collect()
        };
        let files = paths
            .iter()
            .map(|path| Named::load(path))
            .collect::<Result<Vec<_>, _>>()?;
        let profile = self.profile_of(&files[0].file)?;
        let (title, report) = if let [only] = &files[..] {
            let session = compare::largest(&only.file, &profile);
            let session = session.with_context(|| {
                format!(
                    "{} has no session of the network profile {profile}",
                    only.path.display()
                )
            })?;
            (
                format!("The lab's results: {}", only.label),
                compare::ladder(session, prices),
            )
        } else {
            let labels: Vec<&str> = files.iter().map(|named| named.label.as_str()).collect();
            (labels.join(" and "), compare::files(&files, &profile)?)
        };
        Ok(Compared {
            title,
            report,
            files,
            profile,
        })
    }

    fn profile_of(&self, file: &ResultsFile) -> Result<String> {
        let mut newest_first: Vec<&str> = file
            .sessions
            .iter()
            .rev()
            .filter_map(Session::profile)
            .collect();
        newest_first.sort_by_key(|profile| *profile != compare::USUAL_PROFILE);
        self.profile
            .clone()
            .or_else(|| newest_first.first().map(|profile| (*profile).to_owned()))
            .context("the file has no session of the lab: there is nothing to compare")
    }
}

/// Says which file the numbers are from.
fn say_from(workspace: &Workspace, path: &Path) {
    let shown = path.strip_prefix(&workspace.root).unwrap_or(path);
    eprintln!("from {}", shown.display());
}

/// True for a file that may hold results: an executable or a `function.toml` has been measured, and stands in one.
fn is_results(path: &Path) -> bool {
    let is_executable = |it: std::fs::Metadata| it.permissions().mode() & 0o111 != 0;
    path.is_file() && !path.metadata().is_ok_and(is_executable) && FunctionFile::at(path).is_none()
}
