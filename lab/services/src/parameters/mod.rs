//! Parameter Store: HTTPS, JSON 1.1, one shared quota.

mod api;
mod quota;
mod server;
mod store;

use std::net::SocketAddr;
use std::sync::Arc;

use self::api::Api;
use self::server::Server;
pub use self::store::Parameter;
use self::store::SECURE;
use crate::Credentials;
use crate::network::listener::Listener;

/// The running Parameter Store.
#[derive(Clone)]
pub struct Parameters {
    endpoint: SocketAddr,
    api: Arc<Api>,
}

impl Parameters {
    /// Starts it on this thread's event loop.
    pub(crate) fn start(
        credentials: Credentials,
        quota: Option<u32>,
        listener: Arc<Listener>,
    ) -> Self {
        let endpoint = listener.address();
        let api = Arc::new(Api::new(quota, Arc::clone(&listener.counters)));
        let server = Arc::new(Server {
            listener: Arc::clone(&listener),
            credentials,
            api: Arc::clone(&api),
        });
        tokio::spawn(listener.serve(move |stream| Arc::clone(&server).connection(stream)));
        Self { endpoint, api }
    }

    /// The value for `AWS_ENDPOINT_URL_SSM`.
    pub fn endpoint_url(&self) -> String {
        format!("https://{}", self.endpoint)
    }

    /// Sets a `String` parameter and returns its version.
    pub fn put(&self, name: &str, value: &str) -> u64 {
        self.api.store().put(name, "String", value)
    }

    /// Sets a `SecureString` parameter and returns its version.
    pub fn put_secure(&self, name: &str, value: &str) -> u64 {
        self.api.store().put(name, SECURE, value)
    }

    /// A parameter, decrypted.
    pub fn get(&self, name: &str) -> Option<Parameter> {
        self.api.store().get(name, true).ok()
    }

    /// Removes a parameter; false if there was none.
    pub fn remove(&self, name: &str) -> bool {
        self.api.store().remove(name)
    }

    /// Replaces the quota, in requests per second: `None` lifts it.
    pub fn set_quota(&self, per_second: Option<u32>) {
        self.api.set_quota(per_second);
    }
}
