//! The AWS emulator, ministack, as a child process. Where it differs from AWS: `docs/CONFORMANCE.md`.

use crate::{Error, Keeper, Line, Memory, Tail, Workspace, logs, memory};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::config::{Credentials, SharedCredentialsProvider};
use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs, io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The region that everything is in.
pub(crate) const REGION: &str = "us-east-1";
/// Ready takes half a second; a busy machine is given this long.
const PATIENCE: Duration = Duration::from_mins(1);
/// A port that was free may be taken by somebody else before the emulator has it.
const PORTS: usize = 3;

/// A running emulator on a free loopback port, alone with what was deployed to it. Dropping it ends it and every function
/// process it started.
#[derive(Debug)]
pub struct Emulator {
    _keeper: Keeper,
    workspace: Workspace,
    endpoint: String,
    directory: PathBuf,
    http: ureq::Agent,
    aws: SdkConfig,
}

impl Emulator {
    /// Starts one that keeps its files in `directory` (made if absent): `emulator.log`, and what the functions print.
    /// Nothing of our environment is passed on but `PATH`; `environment` comes on top, for the emulator and the functions.
    ///
    /// # Errors
    /// When the tools are not installed, or it does not answer within a minute.
    pub fn start(workspace: &Workspace, directory: &Path, environment: &[(&str, &str)]) -> Result<Self, Error> {
        let program = workspace.tool("emulator", "ministack")?;
        for folder in [directory, &directory.join("home"), &directory.join("tmp"), &directory.join("logs")] {
            fs::create_dir_all(folder).map_err(Error::io(format!("make {}", folder.display())))?;
        }
        let directory = directory.canonicalize().map_err(Error::io(format!("find {}", directory.display())))?;
        let log = directory.join("emulator.log");
        for _ in 0..PORTS {
            let port = free_port()?;
            let endpoint = format!("http://127.0.0.1:{port}");
            let variables = variables(&directory, &endpoint, port, environment);
            let variables: Vec<(&str, &OsStr)> = variables.iter().map(|(k, v)| (k.as_str(), v.as_os_str())).collect();
            let mut keeper = Keeper::start(workspace, &[program.as_os_str()], &directory, &variables, &log)?;
            let http = agent();
            if is_up(&http, &endpoint, &mut keeper) {
                let aws = sdk_config(&endpoint)?;
                return Ok(Self { _keeper: keeper, workspace: workspace.clone(), endpoint, directory, http, aws });
            }
        }
        Err(Error::NotStarted { said: end_of(&log) })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The folder with `emulator.log` and `logs/`.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// AWS's usual environment variables, for a program that is to speak to this emulator.
    pub fn variables_for_a_client(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]
        .into_iter()
    }

    /// For any AWS SDK client that is to speak to this emulator.
    pub fn sdk_config(&self) -> SdkConfig {
        self.aws.clone()
    }

    /// Every line that every function process has printed so far, whole lines only, process after process. Unlike
    /// CloudWatch's, it is complete at once, also for a process that was killed.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn log_lines(&self) -> Result<Vec<Line>, Error> {
        self.log_tail().lines()
    }

    /// The same, to be read as it comes.
    pub fn log_tail(&self) -> Tail {
        Tail::new(self.directory.join("logs"))
    }

    /// The function processes that run now.
    pub fn processes(&self) -> Vec<memory::Process> {
        memory::processes(&self.directory.join("logs"))
    }

    /// Starts to watch the memory of the function processes.
    pub fn watch_memory(&self) -> Memory {
        Memory::watch(self.directory.join("logs"))
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// One plain HTTP call, for the few things that would need another SDK. The body of an answer in the 200s.
    pub(crate) fn call(
        &self,
        service: &str,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<String, Error> {
        let what = format!("{method} {path}");
        let refused = |detail: String| Error::Refused { what: what.clone(), detail };
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.endpoint));
        // The emulator does not check signatures; it reads the service from them.
        let scope = format!("Credential=test/20260101/{REGION}/{service}/aws4_request");
        request = request.header("Authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).map_err(|e| refused(e.to_string()))?;
        let mut answer = self.http.run(request).map_err(|e| refused(e.to_string()))?;
        let text = answer.body_mut().read_to_string().map_err(|e| refused(e.to_string()))?;
        if answer.status().is_success() { Ok(text) } else { Err(refused(format!("{} {text}", answer.status()))) }
    }
}

fn sdk_config(endpoint: &str) -> Result<SdkConfig, Error> {
    let http = aws::http_client().map_err(io::Error::other).map_err(Error::io("make an HTTP client"))?;
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .endpoint_url(endpoint)
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "local")))
        .build())
}

pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into()
}

pub(crate) fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr());
    Ok(listener.map_err(Error::io("find a free port"))?.port())
}

/// The emulator hands its whole environment to the functions, so it gets no more than this.
fn variables(directory: &Path, endpoint: &str, port: u16, more: &[(&str, &str)]) -> BTreeMap<String, OsString> {
    let mut variables: BTreeMap<String, OsString> = [
        ("PATH", std::env::var_os("PATH").unwrap_or_default()),
        ("HOME", directory.join("home").into()),
        ("TMPDIR", directory.join("tmp").into()),
        ("BIND_HOST", "127.0.0.1".into()),
        ("GATEWAY_PORT", port.to_string().into()),
        // Without it in the emulator's own environment the functions would call AWS.
        ("AWS_ENDPOINT_URL", endpoint.into()),
        ("AWS_DEFAULT_REGION", REGION.into()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ("SFTP_ENABLED", "0".into()),
        ("IOT_MTLS_ENABLED", "0".into()),
        (logs::VARIABLE, directory.join("logs").into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.into())));
    variables
}

fn is_up(http: &ureq::Agent, endpoint: &str, keeper: &mut Keeper) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && !keeper.has_ended() {
        let health = http.get(format!("{endpoint}/_ministack/health")).call();
        if health.is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn end_of(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
