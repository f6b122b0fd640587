"""The certificate of a class."""

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from lib.server.certificate import ready

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
NAMES, WIFI = ("lab", "lab.local"), "192.168.1.5"


def read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def named(file: Path) -> list[str]:
    names = read(file).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in names]


def test_it_names_the_machine_by_all_its_addresses_and_names(tmp_path: Path) -> None:
    file = ready(tmp_path, NAMES, [WIFI, "fd00::2"], NOW)
    assert named(file) == ["localhost", "127.0.0.1", "::1", "lab", "lab.local", WIFI, "fd00::2"]
    names = read(file).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert str(names.get_values_for_type(x509.IPAddress)[-1]) == "fd00::2"


def test_it_is_what_phones_accept(tmp_path: Path) -> None:
    certificate = read(ready(tmp_path, NAMES, [WIFI], NOW))
    assert certificate.not_valid_before_utc == NOW - timedelta(days=1)  # a clock that is behind
    assert certificate.not_valid_after_utc == NOW + timedelta(days=90)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    extensions = certificate.extensions
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert certificate.issuer == certificate.subject
    certificate.verify_directly_issued_by(certificate)


def test_a_server_can_use_it(tmp_path: Path) -> None:
    file = ready(tmp_path, NAMES, [WIFI])
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, file)


@pytest.mark.parametrize(
    ("addresses", "later", "is_kept"),
    [
        pytest.param([WIFI], timedelta(), True, id="nothing is another"),
        pytest.param([], timedelta(), True, id="a network less"),
        pytest.param([WIFI], timedelta(days=70), True, id="weeks to go"),
        pytest.param([WIFI], timedelta(days=77), False, id="it ends soon"),
        pytest.param([WIFI], timedelta(days=100), False, id="it has ended"),
        pytest.param([WIFI, "10.0.0.7"], timedelta(), False, id="another address"),
    ],
)
def test_it_is_kept_while_it_will_do(tmp_path: Path, addresses: list[str], later: timedelta, is_kept: bool) -> None:
    before = ready(tmp_path, NAMES, [WIFI], NOW).read_bytes()
    assert (ready(tmp_path, NAMES, addresses, NOW + later).read_bytes() == before) is is_kept


def test_a_laptop_that_comes_back_is_still_named(tmp_path: Path) -> None:
    ready(tmp_path, NAMES, [WIFI], NOW)
    elsewhere = ready(tmp_path, NAMES, ["10.0.0.7"], NOW).read_bytes()
    assert ready(tmp_path, NAMES, [WIFI], NOW).read_bytes() == elsewhere
    for number in range(20):
        ready(tmp_path, NAMES, [f"10.0.1.{number}"], NOW)
    assert len(named(tmp_path / "tls.pem")) == 3 + 2 + 1 + 8


@pytest.mark.parametrize("pem", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_damaged_one_is_made_anew(tmp_path: Path, pem: bytes) -> None:
    file = ready(tmp_path, NAMES, [WIFI], NOW)
    file.write_bytes(pem)
    assert WIFI in named(ready(tmp_path, NAMES, [WIFI], NOW))


def test_a_key_that_is_not_the_certificates_counts_as_damage(tmp_path: Path) -> None:
    first, second = ready(tmp_path / "a", NAMES, [WIFI], NOW), ready(tmp_path / "b", NAMES, [WIFI], NOW)
    mark = b"-----BEGIN CERTIFICATE-----"
    first.write_bytes(first.read_bytes().partition(mark)[0] + mark + second.read_bytes().partition(mark)[2])
    ready(tmp_path / "a", NAMES, [WIFI], NOW)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(first, first)  # which compares them, too


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps others out by the folder's owner.")
def test_the_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    file = ready(tmp_path / "class", NAMES, [WIFI], NOW)
    assert (file.parent.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    file.chmod(0o644)
    assert ready(tmp_path / "class", NAMES, [WIFI], NOW).stat().st_mode & 0o777 == 0o600
