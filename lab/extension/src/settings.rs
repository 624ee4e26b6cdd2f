//! The extension's environment variables.

use std::str::FromStr;
use std::time::Duration;

/// How important a line is, and from which importance on lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Each request.
    Debug,
    /// What happens once.
    Info,
    /// Requests that cannot be answered.
    Warn,
    /// What ends the extension.
    Error,
    /// Nothing is written.
    None,
}

impl FromStr for Level {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name.to_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARN" => Ok(Self::Warn),
            "ERROR" => Ok(Self::Error),
            "NONE" => Ok(Self::None),
            _ => Err(()),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Settings {
    /// `AWS_LAMBDA_RUNTIME_API`: host and port of the Extensions API.
    pub runtime_api: String,
    /// `AWS_ENDPOINT_URL_SSM`: where Parameter Store is, `https://host:port`.
    pub parameter_store: String,
    /// `SSL_CERT_FILE`: whom to trust.
    pub trust_file: String,
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`, which callers must show.
    pub session_token: String,
    /// `PARAMETERS_SECRETS_EXTENSION_HTTP_PORT`.
    pub port: u16,
    /// `LAB_LISTENER_FD`: the number of a listening socket that was inherited, used instead of binding the port.
    pub listener: Option<i32>,
    /// `SSM_PARAMETER_STORE_TTL`; zero switches the cache off.
    pub time_to_live: Duration,
    /// `PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE` in parameters; zero if `..._CACHE_ENABLED` is false.
    pub cache_size: usize,
    /// `PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS` to Parameter Store.
    pub max_connections: usize,
    /// `SSM_PARAMETER_STORE_TIMEOUT_MILLIS`; `None` waits for ever.
    pub timeout: Option<Duration>,
    /// `PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL`.
    pub log_level: Level,
    /// `LAB_EXTENSION_START_CPU_MS`: the CPU time to have used before registering.
    pub start_cpu: Duration,
    /// `LAB_EXTENSION_MEMORY_MIB`: memory to hold, in MiB.
    pub memory_mib: usize,
    /// `LAB_EXTENSION_NOT_READY_REQUESTS`: how many requests are still answered `400 not ready` after the first `INVOKE`
    /// event has come. On AWS callers see that when many environments start at once; there it passes with time, here with
    /// requests, so that what a caller does about it can be counted.
    pub not_ready_requests: u64,
}

/// The longest time to live, in seconds.
const LONGEST_TIME_TO_LIVE: u64 = 300;

/// The most parameters that are cached.
const LARGEST_CACHE: usize = 1000;

/// What the variables of the lab alone begin with.
const OWN_PREFIX: &str = "LAB_EXTENSION_";

const START_CPU: &str = "LAB_EXTENSION_START_CPU_MS";
const MEMORY: &str = "LAB_EXTENSION_MEMORY_MIB";
const NOT_READY_REQUESTS: &str = "LAB_EXTENSION_NOT_READY_REQUESTS";

impl Settings {
    /// Refuses a variable of the lab that does not exist: it would change nothing, and a fault that was meant would not be one.
    pub fn refuse_unknown(mut names: impl Iterator<Item = String>) -> Result<(), String> {
        let known = [START_CPU, MEMORY, NOT_READY_REQUESTS];
        match names.find(|name| name.starts_with(OWN_PREFIX) && !known.contains(&&**name)) {
            Some(name) => Err(format!(
                "there is no variable {name}: there are {}",
                known.join(", ")
            )),
            None => Ok(()),
        }
    }

    /// Reads the variables; the error names the one that is missing or wrong.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let required =
            |name: &str| variable(name).ok_or_else(|| format!("the variable {name} is not set"));
        let lower_case = |name: &str| variable(name).map(|value| value.to_lowercase());
        let cached = parsed(
            &lower_case,
            "PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED",
            true,
        )?;
        let cache_size: usize = parsed(
            &variable,
            "PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE",
            LARGEST_CACHE,
        )?;
        let time_to_live: u64 = parsed(&variable, "SSM_PARAMETER_STORE_TTL", LONGEST_TIME_TO_LIVE)?;
        let timeout: u64 = parsed(&variable, "SSM_PARAMETER_STORE_TIMEOUT_MILLIS", 0)?;
        let max_connections: usize =
            parsed(&variable, "PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS", 3)?;
        Ok(Self {
            runtime_api: required("AWS_LAMBDA_RUNTIME_API")?,
            parameter_store: required("AWS_ENDPOINT_URL_SSM")?,
            trust_file: required("SSL_CERT_FILE")?,
            region: required("AWS_REGION")?,
            access_key_id: required("AWS_ACCESS_KEY_ID")?,
            secret_access_key: required("AWS_SECRET_ACCESS_KEY")?,
            session_token: required("AWS_SESSION_TOKEN")?,
            port: parsed(&variable, "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", 2773)?,
            listener: variable("LAB_LISTENER_FD")
                .map(|value| parse("LAB_LISTENER_FD", &value))
                .transpose()?,
            time_to_live: Duration::from_secs(time_to_live.min(LONGEST_TIME_TO_LIVE)),
            cache_size: if cached {
                cache_size.min(LARGEST_CACHE)
            } else {
                0
            },
            max_connections: max_connections.max(1),
            timeout: (timeout > 0).then(|| Duration::from_millis(timeout)),
            log_level: parsed(
                &variable,
                "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL",
                Level::Info,
            )?,
            start_cpu: milliseconds(parsed(&variable, START_CPU, 0.0)?)?,
            memory_mib: parsed(&variable, MEMORY, 0)?,
            not_ready_requests: parsed(&variable, NOT_READY_REQUESTS, 0)?,
        })
    }

    /// Writes a log line as the real extension does, if it is important enough.
    pub fn log(&self, level: Level, text: &str) {
        if level >= self.log_level {
            let level = format!("{level:?}").to_uppercase();
            println!("[AWS Parameters and Secrets Lambda Extension] {level} {text}");
        }
    }
}

/// Milliseconds with decimals.
fn milliseconds(value: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(value / 1e3)
        .map_err(|error| format!("the variable LAB_EXTENSION_START_CPU_MS: {error}"))
}

/// A variable's value, or the default where it is not set.
fn parsed<T: FromStr>(
    variable: &impl Fn(&str) -> Option<String>,
    name: &str,
    default: T,
) -> Result<T, String> {
    variable(name).map_or(Ok(default), |value| parse(name, &value))
}

fn parse<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| format!("the variable {name} has the value {value:?}, which it cannot have"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Settings, String> {
        Settings::read(|asked| match asked {
            _ if asked == name => Some(value.to_owned()),
            _ if asked.starts_with("AWS_") || asked == "SSL_CERT_FILE" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn defaults_are_those_of_the_real_extension() {
        let settings = read("", "").unwrap();
        assert_eq!(settings.port, 2773);
        assert_eq!(settings.time_to_live, Duration::from_mins(5));
        assert_eq!((settings.cache_size, settings.max_connections), (1000, 3));
        assert_eq!((settings.timeout, settings.log_level), (None, Level::Info));
    }

    #[test]
    fn a_value_that_a_variable_cannot_have_is_named() {
        let error = read("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", "70000").unwrap_err();
        assert!(
            error.contains("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT") && error.contains("70000"),
            "{error}"
        );
        assert!(read("LAB_EXTENSION_START_CPU_MS", "inf").is_err());
    }

    #[test]
    fn a_variable_of_the_lab_that_does_not_exist_is_refused() {
        let names = |last: &str| ["PATH", MEMORY, last].map(str::to_owned).into_iter();
        assert_eq!(Settings::refuse_unknown(names(START_CPU)), Ok(()));
        let refused = Settings::refuse_unknown(names("LAB_EXTENSION_MEMORY")).unwrap_err();
        assert!(refused.contains("LAB_EXTENSION_MEMORY:"), "{refused}");
    }
}
