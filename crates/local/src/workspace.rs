//! Where things are.

use crate::Error;
use std::path::{Path, PathBuf};

/// The project's folder and what the Makefile and cargo put there.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

/// Which build of the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `cargo build`: the tests.
    Dev,
    /// `cargo build --profile local`: the demo. Optimised as what is shipped, but for what takes minutes to link.
    Local,
}

impl Workspace {
    /// The one this crate was compiled in; binaries are looked for in `CARGO_TARGET_DIR`, else in `target`.
    pub fn here() -> Self {
        let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).components().collect();
        let root = root.ancestors().nth(2).unwrap_or(&root).to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        Self { root, target }
    }

    /// The project's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The settings as shipped.
    pub fn relay_toml(&self) -> PathBuf {
        self.root.join("infra/config/relay.toml")
    }

    /// A program of one of the folders that the Makefile makes in `.tools`.
    pub(crate) fn tool(&self, folder: &str, program: &str) -> Result<PathBuf, Error> {
        let path = self.root.join(".tools").join(folder).join("bin").join(program);
        present(path, || format!("make .tools/{folder}/ready"))
    }

    /// A Python program of this crate.
    pub(crate) fn script(&self, name: &str) -> PathBuf {
        self.root.join("crates/local/src").join(name)
    }

    /// A binary that cargo built.
    ///
    /// # Errors
    /// When it was not built.
    pub fn binary(&self, profile: Profile, name: &str) -> Result<PathBuf, Error> {
        let (folder, flag) = match profile {
            Profile::Dev => ("debug", ""),
            Profile::Local => ("local", " --profile local"),
        };
        present(self.target.join(folder).join(name), || format!("cargo build{flag} --bin {name}"))
    }
}

fn present(path: PathBuf, mend: impl FnOnce() -> String) -> Result<PathBuf, Error> {
    if path.is_file() { Ok(path) } else { Err(Error::Missing { path, mend: mend() }) }
}
