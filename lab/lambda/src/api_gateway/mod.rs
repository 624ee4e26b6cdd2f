//! API Gateway's HTTP API in front of a function: the event that it makes of a request, and the answer that its client
//! gets. Payload format 2.0 (docs.aws.amazon.com/apigateway, "Working with AWS Lambda proxy integrations for HTTP APIs").

mod request;
mod response;

pub use request::{HttpRequest, http_event};
pub use response::{HttpResponse, client_response, http_response, prelude_response, split_prelude};
