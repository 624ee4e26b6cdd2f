//! Chromium without a window, driven through its `DevTools` protocol over a pair of pipes (`--remote-debugging-pipe`).

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::TIMEOUT;

/// A running browser.
pub struct Browser {
    child: Child,
    to: File,
    messages: Receiver<Value>,
    last: u64,
    /// Its profile and the pipes.
    _folder: TempDir,
}

/// An open page: a session of the protocol.
pub struct Page(String);

/// The program; none on a machine without it.
fn program() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&folders).find_map(|folder| {
        let paths = names.iter().map(|name| folder.join(name));
        paths.into_iter().find(|path| path.is_file())
    })
}

impl Browser {
    /// Starts it; none on a machine without it.
    pub fn start() -> Option<Self> {
        let program = program()?;
        let folder = tempfile::tempdir().unwrap();
        let [to, from] = ["to", "from"].map(|name| {
            let path = folder.path().join(name);
            mkfifo(&path, Mode::S_IRWXU).unwrap();
            // Both ends, so that nobody waits for the other.
            OpenOptions::new()
                .read(true)
                .write(true)
                .open(path)
                .unwrap()
        });
        let child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<to 4>from"#])
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--remote-debugging-pipe",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=profile",
            ])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(from).split(0) {
                let Ok(value) = serde_json::from_slice(&message.unwrap()) else {
                    return;
                };
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        Some(Self {
            child,
            to,
            messages,
            last: 0,
            _folder: folder,
        })
    }

    /// Opens a page of this width, and waits until it is loaded.
    pub fn open(&mut self, url: &str, width: u32) -> Page {
        let target = self.call(None, "Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call(None, "Target.attachToTarget", &attach);
        let page = Page(session["sessionId"].as_str().unwrap().to_owned());
        let size =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500});
        self.call(Some(&page), "Emulation.setDeviceMetricsOverride", &size);
        self.call(Some(&page), "Page.enable", &json!({}));
        self.call(Some(&page), "Page.navigate", &json!({"url": url}));
        self.wait(|message| {
            message["method"] == "Page.loadEventFired" && message["sessionId"] == page.0
        });
        page
    }

    /// What a JavaScript expression, or the promise that it is, comes to.
    pub fn evaluate(&mut self, page: &Page, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let result = self.call(Some(page), "Runtime.evaluate", &parameters);
        assert!(
            result["exceptionDetails"].is_null(),
            "{expression}: {result}"
        );
        result["result"]["value"].clone()
    }

    /// Waits until a JavaScript condition holds, which is looked at whenever the page changes.
    pub fn until(&mut self, page: &Page, condition: &str) {
        let expression = format!(
            "new Promise(done => {{
               const look = () => {{ if ({condition}) {{ observer.disconnect(); done(true); }} }};
               const observer = new MutationObserver(look);
               observer.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
               look();
             }})"
        );
        assert_eq!(self.evaluate(page, &expression), true);
    }

    fn call(&mut self, page: Option<&Page>, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        let id = self.last;
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if let Some(Page(session)) = page {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        let answer = self.wait(|message| message["id"] == id);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self
                .messages
                .recv_timeout(TIMEOUT)
                .expect("the browser answers");
            if wanted(&message) {
                return message;
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
