//! Languages for which AWS publishes a runtime interface client: what a managed runtime does is done by the client's package,
//! in the interpreter of this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use lab_workspace::function_file::Runtime;

/// The client of the package `aws-lambda-ric` below the function's folder.
const NODE_CLIENT: &str = "node_modules/aws-lambda-ric/bin/index.mjs";

/// The script that starts the client of a runtime in the function's folder, with the files of layers in `opt`; none for an
/// OS-only runtime, whose bootstrap is the function's own.
///
/// # Errors
/// Without the interpreter, or without the client's package, with the command that installs it.
pub(crate) fn script(runtime: Runtime, folder: &Path, opt: &Path) -> Result<Option<String>> {
    let opt = opt.display();
    let start = match runtime {
        Runtime::Provided => return Ok(None),
        Runtime::Python => {
            let python = interpreter("python3", ["-c", "import sys; print(sys.executable)"])?;
            let imported = Command::new(&python)
                .args(["-c", "import awslambdaric"])
                .current_dir(folder)
                .env("PYTHONPATH", folder)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .context("cannot run python3")?;
            ensure!(
                imported.success(),
                "{} has no package awslambdaric, the client of the Python runtime: pip install --target {} awslambdaric",
                folder.display(),
                folder.display()
            );
            // The client looks for the handler in the folder in which it starts; for itself Python looks in PYTHONPATH.
            format!(
                "export PYTHONPATH=\"$LAMBDA_TASK_ROOT:{opt}/python\"\nexec {} -m awslambdaric \"$_HANDLER\"",
                python.display()
            )
        }
        Runtime::Nodejs => {
            let node = interpreter("node", ["-p", "process.execPath"])?;
            ensure!(
                folder.join(NODE_CLIENT).is_file(),
                "{} has no package aws-lambda-ric, the client of the Node.js runtime: npm install --prefix {} aws-lambda-ric",
                folder.display(),
                folder.display()
            );
            format!(
                "export NODE_PATH=\"{opt}/nodejs/node_modules\"\nexec {} \"$LAMBDA_TASK_ROOT/{NODE_CLIENT}\" \"$_HANDLER\"",
                node.display()
            )
        }
    };
    Ok(Some(format!(
        "#!/bin/sh\ncd \"$LAMBDA_TASK_ROOT\" || exit 1\n{start}\n"
    )))
}

/// Where the interpreter itself is, which it says: the command of that name may be a version manager's, and find nothing in a
/// function's environment.
fn interpreter(name: &str, says_where: [&str; 2]) -> Result<PathBuf> {
    let missing = || format!("there is no {name} on this machine that runs");
    let output = Command::new(name).args(says_where).output();
    let output = output.with_context(missing)?;
    ensure!(output.status.success(), missing());
    let path = String::from_utf8(output.stdout).with_context(missing)?;
    Ok(PathBuf::from(path.trim()))
}
