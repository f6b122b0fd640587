"""The packages' files: where they are asked for, what is refused, what is kept."""

import base64
import hashlib
import io
import json
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.embed import packages, scripts
from lib.embed.packages import Package, PackageFile
from lib.embed.scripts import Scripts, registry
from lib.errors import AppError, Cancelled, DownloadError, UsageError
from lib.work.progress import Progress, Stage
from tests.embed.packages import FOLDER
from tests.support.mirror import Mirror, serve

NAME, TARBALL = "@some/thing", "thing-1.2.3.tgz"
CODE = {"dist/one.js": b"export const one = 1;\n", "wasm/two.wasm": bytes(range(256)) * 400}


def integrity(content: bytes, kind: str) -> str:
    return f"{kind}-{base64.b64encode(hashlib.new(kind, content).digest()).decode()}"


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


FILES = tuple(PackageFile(NAME, "1.2.3", path, integrity(content, "sha384")) for path, content in CODE.items())
PACKED = packed({**CODE, "../../outside": b"never unpacked", "package.json": b"{}"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Pin a small package, and serve it; whoever needs the server must name it."""
    pin = Package(NAME, "1.2.3", len(PACKED), integrity(PACKED, "sha512"), "MIT", "Somebody")
    monkeypatch.setattr(scripts, "pins", lambda: {NAME: pin})
    for variable in ("DISCERN_MIRROR", "DISCERN_NPM"):
        monkeypatch.delenv(variable, raising=False)
    with serve(Mirror()) as running:
        running.files[TARBALL] = PACKED
        yield running


@pytest.fixture
def mirror(server: Mirror, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """Announce the server as DISCERN_MIRROR."""
    monkeypatch.setenv("DISCERN_MIRROR", server.address)
    return server


def left(data: Path) -> list[str]:
    return sorted(path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file())


def test_files_come_from_the_mirror_by_bare_name_and_are_kept(mirror: Mirror, tmp_path: Path) -> None:
    kept = Scripts(tmp_path)
    assert kept.missing(FILES) == FILES
    assert kept.download_bytes(FILES) == len(PACKED)
    seen: list[Progress] = []
    assert kept.fetch(FILES, on_progress=seen.append) == len(PACKED)
    assert [kept.path(file).read_bytes() for file in FILES] == list(CODE.values())
    assert {progress.stage for progress in seen} == {Stage.DOWNLOADING, Stage.VERIFYING}
    assert max(p.fraction or 0 for p in seen) == 1
    assert left(tmp_path) == [
        "locks/packages.lock", "packages/@some/thing@1.2.3/dist/one.js", "packages/@some/thing@1.2.3/wasm/two.wasm",
    ]  # fmt: skip
    assert kept.fetch(FILES) == 0
    assert kept.download_bytes(FILES) == 0
    assert mirror.asked[TARBALL] == 1


def test_a_kept_file_that_was_changed_is_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    kept = Scripts(tmp_path)
    kept.fetch(FILES)
    kept.path(FILES[0]).write_bytes(b"alert(1)")
    assert kept.missing(FILES) == FILES[:1]
    kept.fetch(FILES)
    assert kept.path(FILES[0]).read_bytes() == CODE["dist/one.js"]
    assert mirror.asked[TARBALL] == 2


def test_a_package_with_another_digest_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    altered = bytearray(PACKED)
    altered[-1] ^= 1
    mirror.files[TARBALL] = bytes(altered)
    with pytest.raises(DownloadError, match=r"thing-1\.2\.3\.tgz is not the published file: .*\(sha512\)"):
        Scripts(tmp_path).fetch(FILES)
    assert left(tmp_path) == ["locks/packages.lock"]


def test_a_file_that_differs_from_its_pin_is_refused(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = packed({"dist/one.js": b"alert(1)"})
    mirror.files[TARBALL] = other
    pin = Package(NAME, "1.2.3", len(other), integrity(other, "sha512"), "MIT", "Somebody")
    monkeypatch.setattr(scripts, "pins", lambda: {NAME: pin})
    with pytest.raises(DownloadError, match=r"dist/one\.js of @some/thing 1\.2\.3 is not the published file"):
        Scripts(tmp_path).fetch(FILES[:1])
    assert left(tmp_path) == ["locks/packages.lock"]
    with pytest.raises(DownloadError, match=r"thing-1\.2\.3\.tgz could not be unpacked"):
        Scripts(tmp_path).fetch(FILES[1:])


def test_a_download_that_breaks_off_keeps_nothing(mirror: Mirror, tmp_path: Path) -> None:
    mirror.cut.add(TARBALL)
    with pytest.raises(DownloadError, match="interrupted"):
        Scripts(tmp_path).fetch(FILES)
    assert left(tmp_path) == ["locks/packages.lock"]


def test_a_download_can_be_cancelled(mirror: Mirror, tmp_path: Path) -> None:
    mirror.stalled.add(TARBALL)
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    with pytest.raises(Cancelled):
        Scripts(tmp_path).fetch(FILES, cancelled=cancelled)
    assert left(tmp_path) == ["locks/packages.lock"]


def test_many_who_want_the_same_share_one_download(mirror: Mirror, tmp_path: Path) -> None:
    mirror.delay_s = 0.2
    threads = [threading.Thread(target=Scripts(tmp_path).fetch, args=(FILES,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not Scripts(tmp_path).missing(FILES)
    assert mirror.asked[TARBALL] == 1


def test_the_registry_that_is_named_is_asked(server: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_NPM", server.address.rstrip("/"))
    assert scripts.pins()[NAME].remote(registry()).address == f"{server.address}@some/thing/-/thing-1.2.3.tgz"
    assert Scripts(tmp_path).fetch(FILES) == len(PACKED)


def test_a_registry_that_cannot_be_reached_is_named(
    server: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_NPM", "http://127.0.0.1:1/")
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1:1 could not be reached: .* DISCERN_MIRROR") as caught:
        Scripts(tmp_path).fetch(FILES)
    assert "python -m lib fetch" not in str(caught.value)  # that fetches models


@pytest.mark.parametrize("value", ["registry.example", "ftp://registry.example/", "http:///", "file:///srv"])
def test_what_is_no_address_of_a_registry_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_NPM", value)
    with pytest.raises(UsageError, match=f"Set DISCERN_NPM to an address .* It is now {value}"):
        registry()


def put_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a program called npm the only one on the PATH."""
    npm = folder / "npm"
    npm.write_text(f"#!{sys.executable}\n{script}\n", encoding="utf-8")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("DISCERN_NPM", raising=False)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for npm is a script with #!")
def test_npm_is_asked_which_registry_it_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import sys; print('https://npm.example/all' if sys.argv[1:] == ['config', 'get', 'registry'] else '?')"
    put_npm(tmp_path, script, monkeypatch)
    assert registry() == "https://npm.example/all/"


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for npm is a script with #!")
@pytest.mark.parametrize("script", ["print('undefined')", "print('https://npm.example/'); raise SystemExit(1)", ""])
def test_an_npm_that_does_not_say_is_none(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_npm(tmp_path, script, monkeypatch)
    with pytest.raises(UsageError, match=r"Install npm, or set DISCERN_NPM .* or set DISCERN_MIRROR"):
        registry()


def test_without_npm_a_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DISCERN_NPM", raising=False)
    with pytest.raises(AppError, match=r"Install npm, or set DISCERN_NPM .* or set DISCERN_MIRROR"):
        registry()


def test_a_disk_that_refuses_is_a_sentence(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "incoming").write_text("a file where a folder should be")
    with pytest.raises(DownloadError, match="could not be saved"):
        Scripts(tmp_path).fetch(FILES)


def test_what_starts_the_app_puts_the_scripts_in_place_or_says_why_not_in_a_line(
    server: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scripts, "LITERT_FILES", FILES)
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("DISCERN_NPM", "http://127.0.0.1:1/")
    scripts.main()
    told = capsys.readouterr()
    assert told.out.startswith("The Code page cannot run its code yet. 127.0.0.1:1 could not be reached")
    assert (told.out.count("\n"), told.err) == (1, "")
    monkeypatch.setenv("DISCERN_NPM", server.address)
    for _ in range(2):
        scripts.main()
        assert capsys.readouterr() == ("", "")
    assert not Scripts(tmp_path).missing(FILES)


def test_the_pins_are_those_of_the_lock_file() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, pin in scripts.pins().items():
        locked = lock[f"node_modules/{name}"]
        assert (pin.version, pin.integrity, pin.licence) == (locked["version"], locked["integrity"], locked["license"])
    files = (*packages.LITERT_FILES, *packages.TFJS_FILES)
    assert {(file.package, file.version) for file in files} == {(p.name, p.version) for p in scripts.pins().values()}


def test_no_registry_is_named_anywhere() -> None:
    for file in (FOLDER / "package-lock.json", FOLDER / ".npmrc", FOLDER / "package.json"):
        text = file.read_text(encoding="utf-8")
        assert "resolved" not in text.replace("registry-resolved", "")
        assert "registry." not in text
