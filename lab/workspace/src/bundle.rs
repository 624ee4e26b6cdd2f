//! Deployment packages: how large one is, and unpacking one.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Cursor, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// The executable's name in a package.
pub const BOOTSTRAP: &str = "bootstrap";

/// Names of a package that an error tells.
const TOLD: usize = 5;

/// True for a package as it is deployed.
pub fn is_package(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "zip")
}

/// The size in bytes of the deployment package of `code`: that of a zip as it is; that of a folder, or of an executable alone
/// as `bootstrap`, deflated.
pub fn zip_size(code: &Path) -> Result<u64> {
    if is_package(code) {
        return Ok(code.metadata()?.len());
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    if code.is_dir() {
        add_folder(&mut zip, code, "")?;
    } else {
        add(&mut zip, code, BOOTSTRAP)?;
    }
    Ok(zip.finish()?.into_inner().len() as u64)
}

fn add_folder<W: Write + Seek>(zip: &mut ZipWriter<W>, folder: &Path, prefix: &str) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // Not the entry's own type: behind a link lies what is deployed.
        if entry.path().is_dir() {
            add_folder(zip, &entry.path(), &format!("{name}/"))?;
        } else {
            add(zip, &entry.path(), &name)?;
        }
    }
    Ok(())
}

fn add<W: Write + Seek>(zip: &mut ZipWriter<W>, file: &Path, name: &str) -> Result<()> {
    let options = SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file(name, options)?;
    let mut content =
        File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    std::io::copy(&mut content, zip)?;
    Ok(())
}

fn open(package: &Path) -> Result<ZipArchive<File>> {
    let shown = package.display();
    let file = File::open(package).with_context(|| format!("cannot read {shown}"))?;
    ZipArchive::new(file).with_context(|| format!("{shown} is no zip that can be read"))
}

/// Unpacks any zip into a folder, over what is there.
pub fn extract(package: &Path, folder: &Path) -> Result<()> {
    open(package)?
        .extract(folder)
        .with_context(|| format!("cannot unpack {}", package.display()))
}

/// Unpacks a package into a folder and answers where its bootstrap is.
pub fn unpack(package: &Path, folder: &Path) -> Result<PathBuf> {
    let shown = package.display();
    let mut archive = open(package)?;
    let names: Result<BTreeSet<String>, _> = archive
        .file_names()
        .map(|name| name.map(Cow::into_owned))
        .collect();
    let names = names?;
    if !names.contains(BOOTSTRAP) {
        let names: Vec<String> = names.into_iter().take(TOLD).collect();
        bail!(
            "{shown} has no {BOOTSTRAP} at its top, which is what Lambda starts. It has: {}",
            names.join(", ")
        );
    }
    archive
        .extract(folder)
        .with_context(|| format!("cannot unpack {shown}"))?;
    Ok(folder.join(BOOTSTRAP))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A zip with these files in it.
    fn package(folder: &Path, names: &[&str]) -> PathBuf {
        let path = folder.join("function.zip");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        let content = folder.join("content");
        fs::write(&content, "#!/bin/sh\n".repeat(100)).unwrap();
        for name in names {
            add(&mut zip, &content, name).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    #[test]
    fn a_package_is_unpacked_with_its_bootstrap() {
        let folder = tempfile::tempdir().unwrap();
        let package = package(folder.path(), &["bootstrap", "lib/a.js"]);
        let to = folder.path().join("to");
        let bootstrap = unpack(&package, &to).unwrap();
        assert_eq!(fs::read(bootstrap).unwrap().len(), 1000);
        assert!(to.join("lib/a.js").exists());
        let size = zip_size(&package).unwrap();
        assert_eq!(size, package.metadata().unwrap().len());
    }

    #[test]
    fn a_package_without_a_bootstrap_is_told_with_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let package = package(folder.path(), &["index.js", "bin/bootstrap"]);
        let error = unpack(&package, folder.path()).unwrap_err().to_string();
        assert!(error.contains("bin/bootstrap, index.js"), "{error}");
    }

    #[test]
    fn a_folder_is_as_large_as_all_that_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bootstrap");
        fs::write(&file, [7; 100]).unwrap();
        let alone = zip_size(&file).unwrap();
        assert_eq!(zip_size(folder.path()).unwrap(), alone);
        fs::create_dir(folder.path().join("lib")).unwrap();
        fs::write(folder.path().join("lib/a.js"), "more").unwrap();
        assert!(zip_size(folder.path()).unwrap() > alone);
    }
}
