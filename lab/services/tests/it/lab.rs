//! The real services for a test.

use std::ops::Deref;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use lab_services::programs::cache_directory;
use lab_services::{Counts, Network, Options, Programs, Search, Services};
use tempfile::TempDir;

/// Services and the folder in which they live.
pub struct Lab {
    pub services: Services,
    pub folder: TempDir,
    /// What had been counted before the test.
    before: Counts,
}

/// Services that other tests have used and will use: starting them takes longer than most tests. Nobody else uses them at
/// the same time.
pub struct Shared {
    lab: Option<Lab>,
}

/// Those that nobody uses now. Their programs end with this process.
static IDLE: Mutex<Vec<Lab>> = Mutex::new(Vec::new());

/// Services as good as new, without delays and quota. Names in Parameter Store stay: a test needs names of its own, or puts
/// what it reads.
pub async fn shared() -> Shared {
    let idle = IDLE.lock().unwrap().pop();
    let mut lab = if let Some(lab) = idle {
        lab
    } else {
        let lab = own().await;
        remove_when_this_process_ends(&lab.folder);
        lab
    };
    lab.reset().await;
    Shared { lab: Some(lab) }
}

/// Services for a test that does not leave them as they were.
pub async fn own() -> Lab {
    let folder = tempfile::Builder::new()
        .prefix("lab-test-")
        .tempdir()
        .unwrap();
    let options = Options {
        run_directory: folder.path().to_owned(),
        network: Network::default(),
        programs: programs(),
        parameter_quota: None,
    };
    let services = Services::start(options).await.unwrap();
    Lab {
        before: services.counts(),
        services,
        folder,
    }
}

/// The programs; private copies are unpacked if they are missing here.
pub fn programs() -> Programs {
    match Search::start(&cache_directory().unwrap()) {
        Search::Found(programs) => programs,
        Search::Missing(plan) => plan.carry_out(|line| println!("{line}")).unwrap(),
    }
}

impl Lab {
    /// What has been counted since the test began.
    pub fn counts(&self) -> Counts {
        self.services.counts() - self.before
    }

    async fn reset(&mut self) {
        let services = &self.services;
        services.set_network(&Network::default());
        services.parameters().set_quota(None);
        services.traces().take();
        services.cache().flush().await.unwrap();
        let database = services.database();
        database.terminate_sessions().await.unwrap();
        let sql = "DROP SCHEMA public CASCADE; \
                   CREATE SCHEMA public; \
                   GRANT ALL ON SCHEMA public TO stadiums_admin; \
                   GRANT USAGE ON SCHEMA public TO PUBLIC; \
                   DROP ROLE IF EXISTS plain, stadiums_reader";
        database.query(sql).await.unwrap();
        services.settle().await;
        self.before = services.counts();
    }
}

impl Deref for Shared {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        self.lab.as_ref().expect("it is there until the drop")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // What a failed test leaves is nobody's to use.
        if !std::thread::panicking() {
            IDLE.lock().unwrap().extend(self.lab.take());
        }
    }
}

/// Statics are not dropped: a shell waits for the end of its input, which this process never closes.
fn remove_when_this_process_ends(folder: &TempDir) {
    let shell: Child = Command::new("/bin/sh")
        .args(["-c", r#"read -r end; until rm -rf "$0"; do :; done"#])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    std::mem::forget(shell);
}
