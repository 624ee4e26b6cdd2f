//! A client of Parameter Store.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;

use crate::lab::Lab;

/// One connection, kept alive.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    headers: Vec<(&'static str, String)>,
}

impl Connection {
    pub async fn open(lab: &Lab) -> Self {
        let url = lab.services.parameters().endpoint_url();
        let stream = lab
            .connect(url.strip_prefix("https://").unwrap().parse().unwrap())
            .await;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let credentials = lab.services.credentials();
        let credential = format!(
            "{}/20260131/us-east-1/ssm/aws4_request",
            credentials.access_key_id
        );
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00");
        let headers = vec![
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("authorization", authorization),
            ("x-amz-security-token", credentials.session_token.clone()),
        ];
        Self { sender, headers }
    }

    /// Replaces a header of all further requests; nothing removes it.
    pub fn set_header(&mut self, name: &'static str, value: Option<&str>) {
        self.headers.retain(|(other, _)| *other != name);
        self.headers
            .extend(value.map(|value| (name, value.to_owned())));
    }

    /// Calls an operation and returns status, error header and body.
    pub async fn call(&mut self, operation: &str, body: &Value) -> (u16, Option<String>, Value) {
        let mut request = Request::post("/").header("host", "127.0.0.1");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.header("x-amz-target", format!("AmazonSSM.{operation}"));
        let request = request.body(Full::from(body.to_string())).unwrap();
        self.sender.ready().await.unwrap();
        let response: Response<_> = self.sender.send_request(request).await.unwrap();
        let status = response.status().as_u16();
        let error = response
            .headers()
            .get("x-amzn-errortype")
            .map(|value| value.to_str().unwrap().to_owned());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, error, serde_json::from_slice(&body).unwrap())
    }
}
