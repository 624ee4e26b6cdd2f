//! The service in front of the environments of one function: one request an environment at a time, an idle environment
//! is used again, and when none is idle a new one is started (a cold start for that request).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use crate::{Environment, Function, InitReport, Invocation, StartError, TraceHeader};

/// One invocation through the service.
#[derive(Debug)]
pub struct Served {
    /// The invocation.
    pub invocation: Invocation,
    /// The init phase, when this request had to wait for a new environment.
    pub cold: Option<InitReport>,
}

/// All environments of one function.
pub struct Service {
    function: Arc<Function>,
    idle: Mutex<Vec<Environment>>,
    started: AtomicUsize,
}

impl Service {
    /// A service without any environment yet.
    pub fn new(function: Function) -> Self {
        Self {
            function: Arc::new(function),
            idle: Mutex::default(),
            started: AtomicUsize::new(0),
        }
    }

    /// The function's configuration.
    pub fn function(&self) -> &Arc<Function> {
        &self.function
    }

    /// How many environments were started so far.
    pub fn started(&self) -> usize {
        self.started.load(Ordering::Relaxed)
    }

    /// Invokes the function in an idle environment, the last used first, or in a new one.
    pub async fn invoke(&self, event: &Bytes, trace: &TraceHeader) -> Result<Served, StartError> {
        let idle = self
            .idle
            .lock()
            .expect("no holder of this lock panics")
            .pop();
        let (mut environment, cold) = if let Some(environment) = idle {
            (environment, None)
        } else {
            self.started.fetch_add(1, Ordering::Relaxed);
            let environment = Environment::start(&self.function).await?;
            let init = environment.init();
            (environment, Some(init))
        };
        let invocation = environment.invoke(event, trace).await;
        if environment.is_alive() {
            environment.freeze();
            self.idle
                .lock()
                .expect("no holder of this lock panics")
                .push(environment);
        } else {
            environment.shutdown().await;
        }
        Ok(Served { invocation, cold })
    }

    /// Ends all idle environments.
    pub async fn shutdown(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().expect("no holder of this lock panics"));
        for environment in idle {
            environment.shutdown().await;
        }
    }
}
