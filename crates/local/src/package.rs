//! Zip packages as Lambda takes them, the same bytes for the same content.

use crate::Error;
use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// The function's binary within its package.
pub(crate) const PROGRAM: &str = "function";

/// Becomes the function's binary, in the same process, with its output in a file of its own.
const BOOTSTRAP: &str = r#"#!/bin/sh
exec "$LAMBDA_TASK_ROOT/function" >>"$ORDER_RELAY_LOCAL_LOGS/$AWS_LAMBDA_FUNCTION_NAME.$$.log" 2>&1
"#;

/// A function: what cargo built, behind a `bootstrap` that keeps its output.
pub(crate) fn function(binary: &Path) -> Result<Vec<u8>, Error> {
    pack(&[("bootstrap", BOOTSTRAP.as_bytes()), (PROGRAM, &read(binary)?)])
}

/// A layer of one file.
pub(crate) fn layer(file: &Path) -> Result<Vec<u8>, Error> {
    pack(&[("relay.toml", &read(file)?)])
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(Error::io(format!("read {}", path.display())))
}

fn pack(files: &[(&str, &[u8])]) -> Result<Vec<u8>, Error> {
    // Nothing is compressed: it stays on this machine. The time stamp is zip's first by default.
    let options = SimpleFileOptions::DEFAULT.compression_method(CompressionMethod::Stored).unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut write = || {
        for (name, content) in files {
            zip.start_file(*name, options)?;
            zip.write_all(content)?;
        }
        Ok(())
    };
    write().and_then(|()| zip.finish().map_err(Into::into)).map(Cursor::into_inner).map_err(Error::io("make a package"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_makes_the_same_bytes() {
        let files: [(&str, &[u8]); 2] = [("bootstrap", b"#!/bin/sh\n"), ("function", b"\x7fELF")];
        assert_eq!(pack(&files).unwrap(), pack(&files).unwrap());
        assert_ne!(pack(&files).unwrap(), pack(&files[..1]).unwrap());
    }
}
