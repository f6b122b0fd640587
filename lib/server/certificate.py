"""The certificate of a class: made on the spot, signed by nobody, kept while it names this machine.

Phones let a page use the camera over TLS only. They warn once of a certificate that nobody vouches for; so it is the
same each time, until the machine has other addresses. Those that it had before stay in it: a laptop comes back.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lib.work.files import read_small, write_private

FILE = "tls.pem"
DAYS = 90  # phones refuse certificates of more than 398 days, some of more than 825
_LEFT = timedelta(days=14)  # less than that, and a new one is made
_EARLIER = timedelta(days=1)  # a phone's clock may be behind
_MOST_KEPT = 8  # addresses that it had before
_ALWAYS = ("localhost", "127.0.0.1", "::1")


def ready(folder: Path, names: Sequence[str], addresses: Sequence[str], now: datetime | None = None) -> Path:
    """Return a PEM file with certificate and private key; the one that is there, if it will do.

    Args:
        folder: Where it lies.
        names: Of this machine, such as "laptop.local".
        addresses: Of this machine, IPv4 or IPv6.
        now: For tests.

    Raises:
        OSError: The folder cannot be written.
    """
    file, now = folder / FILE, now or datetime.now(UTC)
    wanted = [*_ALWAYS, *names, *addresses]
    kept = _read(file)
    if kept is not None and set(wanted) <= set(named(kept)) and now < kept.not_valid_after_utc - _LEFT:
        file.chmod(0o600)
        return file
    before = [] if kept is None else [name for name in named(kept) if name not in wanted and _is_address(name)]
    write_private(file, _made([*wanted, *before[:_MOST_KEPT]], now))
    return file


def _read(file: Path) -> x509.Certificate | None:
    """Return the certificate that is there with its key; None if there is none, or a damaged one."""
    with suppress(OSError, ValueError, TypeError):
        pem = read_small(file)
        key, certificate = serialization.load_pem_private_key(pem, None), x509.load_pem_x509_certificate(pem)
        if certificate.public_key() == key.public_key():
            return certificate
    return None


def named(certificate: x509.Certificate) -> list[str]:
    """Return the names and addresses that a certificate is for."""
    with suppress(x509.ExtensionNotFound):
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [str(name.value) for name in listed]
    return []


def _made(names: Sequence[str], now: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Discern")])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in dict.fromkeys(names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(name)) if _is_address(name) else x509.DNSName(name)


def _is_address(name: str) -> bool:
    with suppress(ValueError):
        return bool(ip_address(name))
    return False
