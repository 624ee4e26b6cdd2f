//! The repository as the lab, the book and their tests see it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`mod@workspace`] | the steps as their manifests describe them; `data/facts.toml` |
//! | [`builder`] | building a package, with progress |
//! | [`bundle`] | deployment packages |
//! | [`cargo_project`] | a crate that is not the repository's, as cargo-lambda deploys it |
//! | [`function_file`] | `function.toml`: a function that is no step |
//! | [`own_function`] | an example of a function with its `function.toml` |
//! | [`own_step`] | a reader's own step, copied from one of the ladder |
//! | [`clean_clone`] | how long the README's commands take in an empty clone |
//! | [`prediction`] | the question that a chapter asks before its result |
//! | [`profile`] | the settings of a Cargo profile |
//! | [`progress`] | what a person sees while something takes long |

pub mod builder;
pub mod bundle;
pub mod cargo_project;
pub mod clean_clone;
pub mod function_file;
pub mod own_function;
pub mod own_step;
pub mod prediction;
pub mod profile;
pub mod progress;
pub mod workspace;

pub use lab_results::step_name::{FLOOR, is_floor, ladder_number, short_step};
pub use workspace::{Architecture, BackingService, Manifest, Step, TrustAnchors, Workspace};
