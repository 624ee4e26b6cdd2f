//! The programs of the services: PostgreSQL, and Valkey or Redis.
//!
//! One that is found on the machine is used. For one that is missing there is a [`Plan`]: on a system with apt, a private
//! copy is unpacked into the project's cache without root; nothing is installed and no system service starts.

mod apt;
mod packages;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::process::account::Account;

/// A variable that makes [`Search::start`] look past what is installed on the machine, if it is set to `1`. With it the
/// private copies can be tried on a machine that does not need them.
pub const PRIVATE_VARIABLE: &str = "LAMBDA_LAB_PRIVATE";

/// Names another folder for private copies than [`cache_directory`] would choose.
pub const CACHE_VARIABLE: &str = "LAMBDA_LAB_CACHE";

/// The folder for private copies, which may be removed at any time: `lambda-lab` in the user's cache folder, for root in
/// the system's, since root's home is closed to the user that the services run as.
pub fn cache_directory() -> Result<PathBuf, Error> {
    let folder = |variable: &str| {
        let path = std::env::var_os(variable).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    if let Some(chosen) = folder(CACHE_VARIABLE) {
        return Ok(chosen);
    }
    if nix::unistd::geteuid().is_root() {
        return Ok(PathBuf::from("/var/cache/lambda-lab"));
    }
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    let problem = || {
        Error::Missing(format!(
            "neither HOME nor XDG_CACHE_HOME is set: set {CACHE_VARIABLE}"
        ))
    };
    Ok(caches.ok_or_else(problem)?.join("lambda-lab"))
}

/// The commands for systems without apt.
const HOW_TO_INSTALL: &str = "install both with the command for this system, then run again:\n  \
     Fedora, Amazon Linux  sudo dnf install postgresql-server valkey\n  \
     Arch                  sudo pacman -S postgresql valkey\n  \
     Homebrew              brew install postgresql valkey";

/// A server program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// `postgres`, `valkey-server` or `redis-server`.
    pub name: &'static str,
    /// The folder that holds it, and what belongs to it: `initdb` beside `postgres`.
    pub folder: PathBuf,
    /// `LD_LIBRARY_PATH` for a private copy.
    pub libraries: Option<String>,
}

impl Program {
    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.folder.join(self.name)
    }
}

/// All programs that the services need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// The database.
    pub postgresql: Program,
    /// The cache.
    pub cache: Program,
}

/// What is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Software {
    /// `initdb` and `postgres`.
    Postgresql,
    /// `valkey-server` or `redis-server`.
    Cache,
}

impl Software {
    /// The servers that will do, the preferred one first: ElastiCache's own default is Valkey.
    fn servers(self) -> &'static [&'static str] {
        match self {
            Self::Postgresql => &["postgres"],
            Self::Cache => &["valkey-server", "redis-server"],
        }
    }

    /// The preferred server in the first folder that has all its programs.
    fn find_in(
        self,
        folders: &[PathBuf],
        libraries: Option<&str>,
        is_usable: impl Fn(&Path) -> bool,
    ) -> Option<Program> {
        let has_all = |name: &str, folder: &Path| {
            let other = (self == Self::Postgresql).then_some("initdb");
            let mut programs = other.into_iter().chain([name]);
            programs.all(|program| is_usable(&folder.join(program)))
        };
        self.servers().iter().find_map(|name| {
            let folder = folders.iter().find(|folder| has_all(name, folder))?;
            Some(Program {
                name,
                folder: folder.clone(),
                libraries: libraries.map(str::to_owned),
            })
        })
    }
}

impl fmt::Display for Software {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Postgresql => "PostgreSQL",
            Self::Cache => "Valkey or Redis",
        })
    }
}

/// A server in the search path, or where distributions keep PostgreSQL outside of it.
fn find_on_machine(software: Software, account: Account) -> Option<Program> {
    if std::env::var_os(PRIVATE_VARIABLE).is_some_and(|value| value == "1") {
        return None;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).collect::<Vec<_>>();
    if software == Software::Postgresql {
        let in_usr = versions("/usr", "bin").into_iter();
        folders.extend(versions("/usr/lib/postgresql", "bin"));
        folders.extend(in_usr.filter(|folder| folder.to_string_lossy().starts_with("/usr/pgsql")));
        folders.push("/usr/local/pgsql/bin".into());
    }
    // The services' user must be able to run it.
    software.find_in(&folders, None, |program| {
        program.is_file() && account.stopped_at(program).is_none()
    })
}

/// The folders `parent/VERSION/child`, newest version first.
fn versions(parent: impl AsRef<Path>, child: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut folders = entries
        .map(|entry| entry.path())
        .filter(|path| path.join(child).is_dir())
        .collect::<Vec<_>>();
    let version = |path: &PathBuf| {
        let digits = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .replace(|c: char| !c.is_ascii_digit(), "");
        digits.parse::<u32>().unwrap_or(0)
    };
    folders.sort_by_key(|path| std::cmp::Reverse(version(path)));
    folders.into_iter().map(|path| path.join(child)).collect()
}

/// What a search for the programs found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// Everything.
    Found(Programs),
    /// Not everything.
    Missing(Plan),
}

/// How missing programs will be got. Show it before carrying it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    missing: Vec<Software>,
    cache_directory: PathBuf,
}

impl Search {
    /// Looks for the programs on the machine, then among the private copies in `cache_directory`. It need not exist.
    pub fn start(cache_directory: &Path) -> Self {
        let account = Account::for_services();
        let copies = apt::is_trusted(cache_directory).then_some(cache_directory);
        let find =
            |software| find_on_machine(software, account).or_else(|| apt::find(software, copies?));
        let found = [Software::Postgresql, Software::Cache].map(|it| (it, find(it)));
        let missing = found.iter().filter(|(_, program)| program.is_none());
        let plan = Plan {
            missing: missing.map(|(software, _)| *software).collect(),
            cache_directory: cache_directory.to_owned(),
        };
        match found.map(|(_, program)| program) {
            [Some(postgresql), Some(cache)] => Self::Found(Programs { postgresql, cache }),
            _ => Self::Missing(plan),
        }
    }
}

impl Plan {
    /// Unpacks private copies of what is missing; `progress` is told of each stage in one line. It needs the network, takes
    /// some seconds and blocks. Two runs at once do not disturb each other, and an interrupted one leaves nothing that
    /// could be taken for a whole copy.
    ///
    /// Without apt the error holds the commands that install the programs.
    pub fn carry_out(&self, progress: impl FnMut(&str)) -> Result<Programs, Error> {
        if !apt::is_here() {
            return Err(Error::Missing(self.to_string()));
        }
        apt::unpack(&self.missing, &self.cache_directory, progress)?;
        match Search::start(&self.cache_directory) {
            Search::Found(programs) => Ok(programs),
            Search::Missing(plan) => {
                let problem =
                    format!("the copies that were just unpacked here are incomplete: {plan}");
                Err(Error::path(&self.cache_directory, problem))
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing: Vec<String> = self.missing.iter().map(Software::to_string).collect();
        write!(formatter, "{} not found", missing.join(" and "))?;
        if apt::is_here() {
            write!(
                formatter,
                ": download and unpack private copies with apt-get into {} (nothing is installed, no root needed, removed \
                 with the folder)",
                self.cache_directory.display()
            )
        } else {
            write!(formatter, "; {HOW_TO_INSTALL}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_server_is_taken_where_everything_is_beside_it() {
        let folders = ["/a", "/b", "/c"].map(PathBuf::from);
        let find = |software: Software, here: &[&str]| {
            let found = software.find_in(&folders, None, |program| {
                here.iter().any(|path| Path::new(path) == program)
            });
            found.map(|program| program.path().display().to_string())
        };
        let postgresql = ["/a/postgres", "/b/initdb", "/b/postgres", "/c/postgres"];
        let found = find(Software::Postgresql, &postgresql);
        assert_eq!(found.as_deref(), Some("/b/postgres"));
        let both = ["/a/redis-server", "/c/valkey-server"];
        let found = find(Software::Cache, &both);
        assert_eq!(found.as_deref(), Some("/c/valkey-server"));
        let found = find(Software::Cache, &both[..1]);
        assert_eq!(found.as_deref(), Some("/a/redis-server"));
        assert_eq!(find(Software::Cache, &postgresql), None);
    }
}
