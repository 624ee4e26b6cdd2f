//! Parameter Store: HTTPS, JSON 1.1, one shared quota.

mod api;
mod front;
mod quota;
mod store;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use self::quota::Quota;
pub use self::store::Parameter;
use self::store::{Labelled, SECURE, Store};
use crate::counts::Counters;
use crate::front::Gate;
use crate::{Credentials, Error};

/// What all connections share.
pub(crate) struct State {
    store: Mutex<Store>,
    quota: Mutex<Quota>,
    counters: Arc<Counters>,
}

/// The running Parameter Store.
#[derive(Clone)]
pub struct Parameters {
    endpoint: SocketAddr,
    state: Arc<State>,
}

impl Parameters {
    pub(crate) async fn start(
        credentials: Credentials,
        quota: Option<u32>,
        gate: Gate,
    ) -> Result<Self, Error> {
        let (listener, endpoint) = Gate::listen().await?;
        let state = Arc::new(State {
            store: Mutex::default(),
            quota: Mutex::new(Quota::new(quota, Instant::now())),
            counters: Arc::clone(&gate.counters),
        });
        let front = Arc::new(front::Front {
            gate: gate.clone(),
            credentials,
            state: Arc::clone(&state),
        });
        tokio::spawn(gate.serve(listener, move |stream| {
            Arc::clone(&front).connection(stream)
        }));
        Ok(Self { endpoint, state })
    }

    /// The value for `AWS_ENDPOINT_URL_SSM`.
    pub fn endpoint_url(&self) -> String {
        format!("https://{}", self.endpoint)
    }

    /// Sets a `String` parameter, past the API, and returns its version.
    pub fn put(&self, name: &str, value: &str) -> u64 {
        self.store().put(name, "String", value)
    }

    /// Sets a `SecureString` parameter, past the API, and returns its version.
    pub fn put_secure(&self, name: &str, value: &str) -> u64 {
        self.store().put(name, SECURE, value)
    }

    /// Gives a label to the newest version, past the API; false if there is no such parameter or the label breaks the rules.
    pub fn label(&self, name: &str, label: &str) -> bool {
        let labelled = self.store().label(name, None, &[label.to_owned()]);
        matches!(labelled, Ok(Labelled::Done { invalid, .. }) if invalid.is_empty())
    }

    /// The newest version of a parameter, decrypted, past the API.
    pub fn get(&self, name: &str) -> Option<Parameter> {
        self.store().get(name, true).ok()
    }

    /// Removes a parameter with all its versions, past the API; false if there was none.
    pub fn remove(&self, name: &str) -> bool {
        self.store().remove(name)
    }

    /// Replaces the quota, in requests per second: `None` lifts it.
    pub fn set_quota(&self, per_second: Option<u32>) {
        *self.state.quota.lock().expect("no holder panics") =
            Quota::new(per_second, Instant::now());
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.state.store.lock().expect("no holder panics")
    }
}
