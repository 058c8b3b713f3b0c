//! Chromium, driven by its own protocol over two pipes: no port is opened.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// The protocol is on the descriptors 3 and 4, which a shell makes of its input and output.
/// It ends when the pipes are closed.
const START: &str = r#"exec "$2" --headless --no-sandbox --disable-gpu --disable-quic \
    --no-first-run --disable-background-networking --disable-component-update --disable-sync \
    --hide-scrollbars --force-device-scale-factor=1 --remote-debugging-pipe \
    --user-data-dir="$1" about:blank 3<&0 4>&1 </dev/null >/dev/null 2>"$1/log""#;

/// A browser with one page.
pub(crate) struct Chromium {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Value,
    calls: u64,
    /// The addresses that the page asked for.
    requests: Vec<String>,
    is_loaded: bool,
    profile: tempfile::TempDir,
}

impl Chromium {
    /// Starts the browser.
    pub(crate) fn start() -> Self {
        let find = "command -v chromium || command -v google-chrome";
        let found = Command::new("sh").args(["-c", find]).output().unwrap();
        assert!(
            found.status.success(),
            "neither `chromium` nor `google-chrome` is installed; on Debian: apt-get install chromium"
        );
        let program = String::from_utf8(found.stdout).unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", START, "sh"])
            .arg(profile.path())
            .arg(program.trim())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = child.stdin.take().unwrap();
        let from = BufReader::new(child.stdout.take().unwrap());
        let mut browser = Chromium {
            child,
            to,
            from,
            session: Value::Null,
            calls: 0,
            requests: Vec::new(),
            is_loaded: false,
            profile,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.call("Target.attachToTarget", attach)["sessionId"].clone();
        for domain in ["Page", "Network", "Runtime"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method of the protocol; what happens meanwhile is noted.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut call = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_null() {
            call["sessionId"] = self.session.clone();
        }
        self.to.write_all(format!("{call}\0").as_bytes()).unwrap();
        loop {
            let message = self.next();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
        }
    }

    fn next(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).unwrap();
        if bytes.pop() != Some(0) {
            let log = std::fs::read_to_string(self.profile.path().join("log"));
            panic!("chromium ended: {}", log.unwrap_or_default());
        }
        let message: Value = serde_json::from_slice(&bytes).unwrap();
        match message["method"].as_str() {
            Some("Page.loadEventFired") => self.is_loaded = true,
            Some("Network.requestWillBeSent") => {
                let url = &message["params"]["request"]["url"];
                self.requests.push(url.as_str().unwrap().to_owned());
            }
            _ => {}
        }
        message
    }

    /// Opens an address, and returns when it is loaded.
    pub(crate) fn open(&mut self, address: &str) {
        self.is_loaded = false;
        let navigation = self.call("Page.navigate", json!({ "url": address }));
        // Another place of the same page is not loaded.
        let is_other = navigation["loaderId"].is_string();
        while is_other && !self.is_loaded {
            self.next();
        }
    }

    /// Returns the addresses that were asked for since the last time.
    pub(crate) fn requests(&mut self) -> Vec<String> {
        std::mem::take(&mut self.requests)
    }

    /// Returns the value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", params);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer:#}"
        );
        answer["result"]["value"].clone()
    }

    /// Presses a key as a person does.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "ArrowDown" => (40, ""),
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            text => (0, text),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let params = json!({
                "type": kind, "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code,
            });
            self.call("Input.dispatchKeyEvent", params);
        }
    }

    /// Sets the size of the window in pixels.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let params = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.call("Emulation.setDeviceMetricsOverride", params);
    }

    /// Chooses between the light and the dark scheme.
    pub(crate) fn prefer(&mut self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.call(
            "Emulation.setEmulatedMedia",
            json!({ "features": [feature] }),
        );
    }

    /// Returns a picture of the window as base64 of a PNG.
    pub(crate) fn picture(&mut self) -> String {
        let picture = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        picture["data"].as_str().unwrap().to_owned()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // It has ended where a call failed because of that.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
