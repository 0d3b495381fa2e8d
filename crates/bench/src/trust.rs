//! TLS on loopback. The shipped binaries trust Amazon's roots and nothing else, and read no file: in a copy of a binary the first of those
//! roots is overwritten with ours, byte for byte in its place, so that all else is what is shipped.

use crate::error::Error;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// Who vouches for the servers on loopback.
pub(crate) struct Authority {
    /// Its own certificate, as the binaries have roots.
    pem: String,
    server: Arc<ServerConfig>,
}

impl Authority {
    /// With elliptic keys, as AWS's endpoints have them beside RSA's.
    pub(crate) fn new() -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(Error::certificate)?;
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = root.self_signed(&key).map_err(Error::certificate)?.pem();
        let issuer = Issuer::new(root, key);
        let own = KeyPair::generate().map_err(Error::certificate)?;
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).map_err(Error::certificate)?;
        let leaf = leaf.signed_by(&own, &issuer).map_err(Error::certificate)?;
        let chain = vec![CertificateDer::from(leaf.der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
        let server = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Error::certificate)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(Error::certificate)?;
        Ok(Self { pem, server: Arc::new(server) })
    }

    /// What a server on loopback presents.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }
}

/// A copy of the binary that trusts the authority in place of its first root.
pub(crate) fn trusting(binary: &Path, folder: &Path, authority: &Authority) -> Result<PathBuf, Error> {
    let read = fs::read(binary).map_err(Error::io(format!("read {}", binary.display())))?;
    let copy = folder.join(binary.file_name().unwrap_or_default());
    let with = overwritten(read, authority.pem.trim().as_bytes())
        .ok_or_else(|| Error::Function(format!("{} has no root to put ours in place of", binary.display())))?;
    fs::write(&copy, with).map_err(Error::io("copy a binary"))?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).map_err(Error::io("copy a binary"))?;
    Ok(copy)
}

/// The bytes with the first certificate that is longer than this one replaced by it, and as long as before.
fn overwritten(mut bytes: Vec<u8>, pem: &[u8]) -> Option<Vec<u8>> {
    let mut from = 0;
    loop {
        let begin = from + find(&bytes[from..], BEGIN)?;
        let end = begin + find(&bytes[begin..], END)? + END.len();
        // Others' texts speak of certificates too.
        if end - begin >= pem.len() && end - begin < 4 * 1024 {
            let place = &mut bytes[begin..end];
            place.fill(b'\n');
            place[..pem.len()].copy_from_slice(pem);
            return Some(bytes);
        }
        from = begin + BEGIN.len();
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_gives_way_and_nothing_else_moves() {
        let root = "-----BEGIN CERTIFICATE-----\nMIIDQTCCAimgAwIBAgITBmyf\n-----END CERTIFICATE-----";
        let ours = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
        let binary = format!("code -----BEGIN CERTIFICATE----- {root}\n{root} data");
        let patched = overwritten(binary.clone().into_bytes(), ours).unwrap();
        assert_eq!(patched.len(), binary.len());
        let patched = String::from_utf8(patched).unwrap();
        assert!(patched.contains("AAAA") && patched.ends_with(&format!("{root} data")), "{patched}");
        assert_eq!(overwritten(b"no root".to_vec(), ours), None);
    }
}
