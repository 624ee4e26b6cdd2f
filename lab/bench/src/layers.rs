//! A function's layers: their files in one folder, which its processes find at `/opt`, and the extensions among them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use lab_lambda::{Extension, OPT, opt_can_be_bound};
use lab_workspace::bundle;
use tempfile::TempDir;

/// The folder of the extensions in a layer.
const EXTENSIONS: &str = "extensions";

/// The files of all layers of a function.
#[derive(Debug, Clone)]
pub struct Layers {
    /// It goes with the last clone.
    folder: Arc<TempDir>,
    /// File names of the extensions, in their order.
    extensions: Vec<String>,
    /// Why they are not at `/opt` here, if they are not.
    pub elsewhere: Option<String>,
}

impl Layers {
    /// Puts folders and zips over each other, a later one's files over those of an earlier one; none where there are none.
    ///
    /// # Errors
    /// What cannot be read or unpacked, and an extension that is not executable.
    pub fn merge(layers: &[PathBuf]) -> Result<Option<Self>> {
        if layers.is_empty() {
            return Ok(None);
        }
        let folder = TempDir::with_prefix("lambda-lab-opt-")?;
        for layer in layers {
            let merged = if bundle::is_package(layer) {
                bundle::extract(layer, folder.path())
            } else {
                copy(layer, folder.path())
            };
            merged.with_context(|| layer.display().to_string())?;
        }
        Ok(Some(Self {
            extensions: extensions(&folder.path().join(EXTENSIONS))?,
            folder: Arc::new(folder),
            elsewhere: opt_can_be_bound().err(),
        }))
    }

    /// The folder that the processes find at `/opt`; none where this machine does not allow that.
    pub fn bound(&self) -> Option<PathBuf> {
        let bound = self.elsewhere.is_none();
        bound.then(|| self.folder.path().to_owned())
    }

    /// Where the processes find the files.
    pub fn seen_at(&self) -> &Path {
        match self.elsewhere {
            None => Path::new(OPT),
            Some(_) => self.folder.path(),
        }
    }

    /// The extensions that they start.
    pub fn extensions(&self) -> impl Iterator<Item = Extension> {
        let folder = self.seen_at().join(EXTENSIONS);
        self.extensions.iter().map(move |name| Extension {
            path: folder.join(name),
            variables: Vec::new(),
            port_variable: None,
        })
    }

    /// The variables by which programs look for what is in layers, where that is not at `/opt`.
    pub fn variables(&self) -> Vec<(String, String)> {
        if self.elsewhere.is_none() {
            return Vec::new();
        }
        let opt = self.folder.path().display();
        let variable = |name: &str, value: String| (name.to_owned(), value);
        vec![
            variable("PATH", format!("/usr/local/bin:/usr/bin/:/bin:{opt}/bin")),
            variable(
                "LD_LIBRARY_PATH",
                format!(
                    "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:{opt}/lib"
                ),
            ),
        ]
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// The files in a folder of extensions, which Lambda starts.
fn extensions(folder: &Path) -> Result<Vec<String>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let metadata = fs::metadata(entry.path())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if metadata.is_dir() {
            continue;
        }
        anyhow::ensure!(
            metadata.permissions().mode() & 0o111 != 0,
            "{EXTENSIONS}/{name} is not executable, and Lambda starts every file there: chmod +x"
        );
        names.push(name);
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_later_layer_lies_over_an_earlier_one_and_extensions_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        write(&one.join("lib/a.txt"), "one", 0o644);
        write(&one.join("lib/b.txt"), "one", 0o644);
        write(&two.join("lib/a.txt"), "two", 0o644);
        write(&two.join("extensions/watcher"), "#!/bin/sh\n", 0o755);
        let layers = Layers::merge(&[one.clone(), two]).unwrap().unwrap();
        let read = |name: &str| fs::read_to_string(layers.folder.path().join(name)).unwrap();
        assert_eq!(
            (read("lib/a.txt"), read("lib/b.txt")),
            ("two".into(), "one".into())
        );
        let extensions: Vec<String> = layers.extensions().map(|it| it.name()).collect();
        assert_eq!(extensions, ["watcher"]);

        write(&one.join("extensions/notes"), "", 0o644);
        let error = format!("{:#}", Layers::merge(&[one]).unwrap_err());
        assert!(
            error.contains("extensions/notes is not executable"),
            "{error}"
        );
        assert!(Layers::merge(&[]).unwrap().is_none());
    }
}
