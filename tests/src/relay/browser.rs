//! A page as a browser shows it, where there is a browser: one of the usual names, or what `RELAY_BROWSER` says.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// In this order.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// It starts in a few seconds; a browser that hangs is no reason for a test to.
const PATIENCE: Duration = Duration::from_secs(90);

/// Chrome or Chromium without a window, in a folder of its own.
pub(crate) struct Browser {
    program: PathBuf,
    folder: PathBuf,
}

/// The one on this machine.
pub(crate) fn browser(folder: &Path) -> Option<Browser> {
    let named = std::env::var_os("RELAY_BROWSER").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut usual = NAMES.iter().flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
    let program = named.or_else(|| usual.find(|program| program.is_file()))?;
    Some(Browser { program, folder: folder.to_owned() })
}

impl Browser {
    /// The page's elements once it is loaded, and what the browser complained of: no name is resolved for it.
    pub(crate) fn dom(&self, page: &Path) -> (String, Vec<String>) {
        let (out, err) = self.run(page, &["--dump-dom", "--enable-logging=stderr", "--v=0"]);
        let complaints = ["CONSOLE", "net::ERR", "Failed to load", "Refused to"];
        let complaints = err.lines().filter(|line| complaints.iter().any(|word| line.contains(word)));
        (out, complaints.map(str::to_owned).collect())
    }

    /// A picture of so many pixels, as PNG.
    pub(crate) fn picture(&self, page: &Path, (width, height): (u32, u32)) -> Vec<u8> {
        let file = self.folder.join("page.png");
        let (shot, size) = (format!("--screenshot={}", file.display()), format!("--window-size={width},{height}"));
        let (_, err) = self.run(page, &[&shot, &size, "--hide-scrollbars", "--force-device-scale-factor=1"]);
        std::fs::read(&file).unwrap_or_else(|error| panic!("no picture: {error}: {err}"))
    }

    fn run(&self, page: &Path, arguments: &[&str]) -> (String, String) {
        let profile = format!("--user-data-dir={}", self.folder.join("profile").display());
        let files = ["out", "err"].map(|name| self.folder.join(format!("browser.{name}")));
        let file = |place: usize| Stdio::from(std::fs::File::create(&files[place]).unwrap());
        let mut child = Command::new(&self.program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND", &profile])
            .args(arguments)
            .arg(format!("file://{}", page.display()))
            .stdout(file(0))
            .stderr(file(1))
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("{} did not come to an end", self.program.display());
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let [out, err] = files.map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned());
        assert!(status.success(), "{status}: {err}");
        (out, err)
    }
}

/// Width and height of a PNG, and its length: that of a blank page is short.
pub(crate) fn png(bytes: &[u8]) -> (u32, u32, usize) {
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "not a PNG");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20), bytes.len())
}
