//! `lab new --function`: a folder with a `function.toml` that explains itself, and a function that runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::function_file::FILE_NAME;

/// Names, texts, and whether the file is executable.
const FILES: [(&str, &str, bool); 3] = [
    (FILE_NAME, include_str!("own_function/function.toml"), false),
    ("bootstrap", include_str!("own_function/bootstrap"), true),
    ("rates.json", include_str!("own_function/rates.json"), false),
];

/// Writes the example into `folder`, which is made if it is not there. A folder with a bootstrap of its own gets the
/// description alone. Answers the names of the files that were written; nothing is overwritten.
pub fn create(folder: &Path) -> Result<Vec<&'static str>> {
    let described = folder.join(FILE_NAME);
    ensure!(
        !described.exists(),
        "{} is there already",
        described.display()
    );
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut written = Vec::new();
    for (name, text, is_executable) in FILES {
        let path = folder.join(name);
        if path.exists() {
            continue;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        if is_executable {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
        written.push(name);
    }
    Ok(written)
}
