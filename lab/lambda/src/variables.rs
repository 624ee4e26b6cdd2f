//! The environment variables of a real execution environment on an OS-only runtime
//! (docs.aws.amazon.com/lambda, "Using environment variables", defined runtime environment variables).

use std::net::SocketAddr;

use crate::function::Function;
use crate::platform::Platform;

/// Everything that a process of the environment gets, the lab's own variables excepted: nothing is inherited.
pub(crate) fn of_environment(
    function: &Function,
    runtime_api: SocketAddr,
) -> Vec<(String, String)> {
    let Platform {
        region,
        credentials,
        ..
    } = &*function.platform;
    let memory = function.memory_mb.to_string();
    let root = function
        .bootstrap
        .parent()
        .map(|parent| parent.display().to_string())
        .unwrap_or_default();
    let log_stream = format!("[$LATEST]{:032x}", fastrand::u128(..));
    let platform = [
        ("_HANDLER", "bootstrap"),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_LAMBDA_FUNCTION_NAME", &function.name),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        (
            "AWS_LAMBDA_LOG_GROUP_NAME",
            &format!("/aws/lambda/{}", function.name),
        ),
        ("AWS_LAMBDA_LOG_STREAM_NAME", &log_stream),
        ("AWS_ACCESS_KEY_ID", &credentials.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key),
        ("AWS_SESSION_TOKEN", &credentials.session_token),
        ("AWS_LAMBDA_RUNTIME_API", &runtime_api.to_string()),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
        ("LAMBDA_TASK_ROOT", &root),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LANG", "en_US.UTF-8"),
        (
            "LD_LIBRARY_PATH",
            "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        ),
        // AWS sets "/usr/local/bin:/usr/bin/:/bin:/opt/bin".
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
        ("TZ", ":UTC"),
    ];
    let platform = platform
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    platform.chain(function.variables.iter().cloned()).collect()
}
