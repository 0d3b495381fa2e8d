//! How large a binary is, and what Lambda downloads of it.

use crate::error::Error;
use std::{
    fs,
    io::{self, Cursor, Write as _},
    path::Path,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// In bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) binary: u64,
    /// Zipped, as tightly as deflate does it.
    pub(crate) zip: u64,
}

/// A binary's.
pub(crate) fn of(binary: &Path) -> Result<Size, Error> {
    let bytes = fs::read(binary).map_err(Error::io(format!("read {}", binary.display())))?;
    let zip = zipped(&bytes).map_err(Error::io(format!("zip {}", binary.display())))?;
    Ok(Size { binary: bytes.len() as u64, zip: zip as u64 })
}

fn zipped(bytes: &[u8]) -> io::Result<usize> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file("bootstrap", options.compression_level(Some(9)))?;
    zip.write_all(bytes)?;
    Ok(zip.finish()?.into_inner().len())
}
