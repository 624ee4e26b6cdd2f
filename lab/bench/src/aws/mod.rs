//! Steps that are deployed to AWS, measured as the local ones are.
//!
//! | module | what it holds |
//! |---|---|
//! | [`outputs`] | what is deployed, as `npm run deploy` wrote it down |
//! | [`cli`] | the AWS CLI as a child process, and what to do when it fails |
//! | [`function`] | a function's configuration, and the change that makes its next start cold |
//! | [`connection`] | one HTTP connection to an API, the way to the function |
//! | `wait` | how long to wait before AWS is asked again, so that a room does not ask at once |
//! | [`reports`] | the REPORT lines, from CloudWatch Logs |
//! | [`measure`](mod@measure) | interleaved rounds |
//! | [`plan`] | what a measurement will do and cost, before it does it |
//!
//! No AWS SDK: whoever deployed the steps has the AWS CLI, with credentials that work.

pub mod cli;
pub mod connection;
pub mod function;
pub mod measure;
pub mod outputs;
pub mod plan;
pub mod reports;
mod rounds;
mod wait;
