//! The AWS CLI as a child process, and what to do when it fails.

use std::io::ErrorKind;
use std::process::Stdio;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;
use tokio::process::Command;

/// What the CLI says on standard error, in lower case, and what helps. The first one that fits is taken.
const REMEDIES: [(&[&str], &str); 6] = [
    (
        &["throttl", "rate exceeded", "toomanyrequests"],
        "Too many ask at once: the quota is the whole account's, in this Region. Nothing is broken; run it again in a minute, \
         or not all at once.",
    ),
    (
        &["expired"],
        "The session has expired: run `aws sso login`, or renew the credentials as you got them.",
    ),
    (
        &[
            "unable to locate credentials",
            "nocredentials",
            "could not be found",
            "invalidclienttokenid",
            "unrecognizedclient",
        ],
        "There are no valid credentials: run `aws configure` or `aws sso login`, and set AWS_PROFILE if you use profiles.",
    ),
    (
        &["accessdenied", "not authorized"],
        "These credentials may not do that: lambda:GetFunction, lambda:UpdateFunctionConfiguration and \
         logs:FilterLogEvents are needed.",
    ),
    (
        &["resourcenotfound"],
        "It does not exist in this account and Region: is AWS_PROFILE the one that deployed it? `npm run deploy` in \
         infra/ deploys it again.",
    ),
    (
        &["could not connect", "timed out"],
        "AWS cannot be reached from here: look at the network, a proxy, AWS_ENDPOINT_URL.",
    ),
];

/// How the CLI repeats what is throttled, unless the environment says otherwise: slower and slower, by what comes back. A room
/// shares the quotas of its account. (AWS CLI user guide, "AWS CLI retries".)
const RETRIES: [(&str, &str); 2] = [("AWS_RETRY_MODE", "adaptive"), ("AWS_MAX_ATTEMPTS", "10")];

/// The AWS CLI in one Region.
#[derive(Debug, Clone)]
pub struct Cli {
    region: String,
}

impl Cli {
    /// The CLI that is on the `PATH`, for this Region.
    pub fn new(region: &str) -> Self {
        Self {
            region: region.to_owned(),
        }
    }

    /// The command as a person would type it.
    pub fn line(&self, arguments: &[&str]) -> String {
        let quoted = arguments.iter().map(|argument| {
            if argument.contains([' ', '"', '$']) {
                format!("'{argument}'")
            } else {
                (*argument).to_owned()
            }
        });
        let words: Vec<String> = quoted.collect();
        format!("aws {} --region {}", words.join(" "), self.region)
    }

    /// Runs the CLI and reads its JSON. It is ended if nobody waits for it any more.
    pub async fn call(&self, arguments: &[&str]) -> Result<Value> {
        let retries = RETRIES
            .iter()
            .filter(|(name, _)| std::env::var_os(name).is_none());
        let output = Command::new("aws")
            .envs(retries.copied())
            .args(arguments)
            .args(["--region", &self.region, "--output", "json"])
            .env("AWS_PAGER", "")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await;
        let output = output.map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow!(
                "the AWS CLI is missing, and deployed steps are measured through it: install version 2 \
                 (https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html)"
            ),
            _ => anyhow!("the AWS CLI does not start: {error}"),
        })?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!(
                "`{}` says: {}. {}",
                self.line(arguments),
                said.trim().trim_end_matches('.'),
                remedy(&said)
            );
        }
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("`{}` does not answer in JSON", self.line(arguments)))
    }
}

fn remedy(said: &str) -> &'static str {
    let said = said.to_lowercase();
    let fits = |signs: &[&str]| signs.iter().any(|sign| said.contains(sign));
    let found = REMEDIES.iter().find(|(signs, _)| fits(signs));
    found.map_or("", |(_, remedy)| remedy)
}
