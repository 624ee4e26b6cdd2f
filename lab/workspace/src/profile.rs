//! The settings of a Cargo profile: what an executable was built with.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table};

/// Cargo's own, in the order in which they are told, where the manifest says nothing.
const DEFAULTS: [(&str, &str); 5] = [
    ("opt-level", "3"),
    ("lto", "false"),
    ("codegen-units", "16"),
    ("panic", "unwind"),
    ("strip", "none"),
];

/// The settings of a profile that builds on `release`, from the workspace's manifest: `opt-level=3 lto=false ...`, then what else
/// the profile sets, single packages included. Cargo's defaults where there is no manifest to read.
pub fn settings(root: &Path, profile: &str) -> String {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    resolved(&manifest, profile)
}

/// The same of a manifest's text.
pub fn resolved(manifest: &str, profile: &str) -> String {
    let document: DocumentMut = manifest.parse().unwrap_or_default();
    let own = |name: &str| document.get("profile")?.get(name)?.as_table();
    let mut set: Vec<(String, String)> = DEFAULTS
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    if profile != "release" {
        collect(own("release"), "", &mut set);
    }
    collect(own(profile), "", &mut set);
    let words = set.iter().map(|(name, value)| format!("{name}={value}"));
    words.collect::<Vec<_>>().join(" ")
}

/// Sets what a table says, tables in it by their path.
fn collect(table: Option<&Table>, path: &str, set: &mut Vec<(String, String)>) {
    for (name, item) in table.into_iter().flatten() {
        let name = format!("{path}{name}");
        match item {
            Item::Table(inner) => collect(Some(inner), &format!("{name}."), set),
            Item::Value(value) if name != "inherits" => {
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string().trim().to_owned(), str::to_owned);
                match set.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, old)) => *old = value,
                    None => set.push((name, value)),
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::resolved;

    #[test]
    fn a_profile_is_told_with_what_it_does_not_set() {
        let manifest = "[profile.release]\nlto = \"thin\"\npanic = \"abort\" # why\n\
                        [profile.release.package.big]\ncodegen-units = 4\n\
                        [profile.lab]\ninherits = \"release\"\nopt-level = 1\n";
        assert_eq!(
            resolved(manifest, "release"),
            "opt-level=3 lto=thin codegen-units=16 panic=abort strip=none package.big.codegen-units=4"
        );
        assert_eq!(
            resolved(manifest, "lab"),
            "opt-level=1 lto=thin codegen-units=16 panic=abort strip=none package.big.codegen-units=4"
        );
        assert_eq!(
            resolved("", "release"),
            "opt-level=3 lto=false codegen-units=16 panic=unwind strip=none"
        );
    }
}
