//! Key pairs of an integration: the sandbox keeps the public half and hands out the private one.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey};

/// A certificate that was uploaded for the integration. NetSuite takes RSA of 3072 or 4096 bits and EC.
#[derive(Clone)]
pub(crate) struct Certificate {
    /// What assertions name as `kid`.
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) public: DecodingKey,
    pub(crate) private_pem: String,
}

impl Certificate {
    /// With a P-256 key: assertions are signed ES256.
    pub(crate) fn ec(id: &str) -> Result<Self, Unspecified> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let public = DecodingKey::from_ec_der(pair.public_key().as_ref());
        let private_pem = pem(pair.to_pkcs8v1()?.as_ref());
        Ok(Self { id: id.to_owned(), algorithm: Algorithm::ES256, public, private_pem })
    }

    /// With a 3072 bit RSA key: assertions are signed PS256.
    pub(crate) fn rsa(id: &str) -> Result<Self, Unspecified> {
        let pair = rsa::KeyPair::generate(KeySize::Rsa3072)?;
        let public = DecodingKey::from_rsa_der(pair.public_key().as_ref());
        let der: Pkcs8V1Der<'_> = pair.as_der()?;
        let private_pem = pem(der.as_ref());
        Ok(Self { id: id.to_owned(), algorithm: Algorithm::PS256, public, private_pem })
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| str::from_utf8(line).ok()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
