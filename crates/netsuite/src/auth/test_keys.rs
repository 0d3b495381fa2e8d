//! Keys of their own for each test: in PEM, and what verifies their signatures.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::DecodingKey;

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

/// For PS256.
pub(crate) fn rsa() -> (String, DecodingKey) {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
    (pem(der.as_ref()), DecodingKey::from_rsa_der(key.public_key().as_ref()))
}

/// For ES256.
pub(crate) fn ec_p256() -> (String, DecodingKey) {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der = key.to_pkcs8v1().unwrap();
    (pem(der.as_ref()), DecodingKey::from_ec_der(key.public_key().as_ref()))
}
