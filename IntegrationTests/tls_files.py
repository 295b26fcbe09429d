"""Certificates, keys and tokens that tests make for themselves."""

from __future__ import annotations

import datetime
import json
import ssl
import time
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID


def write_identity(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A certificate that signs itself, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.DNSName(name)]
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    folder.mkdir(exist_ok=True)
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return paths


def trusting(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificate)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


class Authority:
    """What an authorization server has: keys, and the tokens that it signs with them."""

    issuer = "https://auth.example"
    audience = "https://js.example.com/mcp"

    def __init__(self):
        self.keys = {
            "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
            "ES256": ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate(),
        }
        self.keys["PS256"] = self.keys["RS256"]

    @property
    def key_set(self) -> str:
        algorithms = {
            "RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm,
            "EdDSA": jwt.algorithms.OKPAlgorithm}
        keys = []
        for name, algorithm in algorithms.items():
            public = json.loads(algorithm.to_jwk(self.keys[name].public_key()))
            public.pop("key_ops", None)
            keys.append(public | {"kid": name, "use": "sig"})
        return json.dumps({"keys": keys})

    def token(self, algorithm: str = "ES256", *, kid: str | None = None, **claims) -> str:
        now = time.time()
        content = {"iss": self.issuer, "aud": self.audience, "sub": "alice", "iat": now,
                   "exp": now + 600, "scope": "js:run"} | claims
        content = {name: value for name, value in content.items() if value is not None}
        kid = kid or ("RS256" if algorithm == "PS256" else algorithm)
        return jwt.encode(content, self.keys[algorithm], algorithm, headers={"kid": kid})
