"""The public packages that web snippets load, as `scripts.toml` pins them: versions, addresses, and their content.

jsDelivr serves a package's files byte for byte under addresses that name the exact version and the full path (not under
the bare package, whose default file it makes by itself).
"""

import base64
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from lib.catalogue.origins import Remote

CDN = "https://cdn.jsdelivr.net/npm/"
_PINS = Path(__file__).with_name("scripts.toml")


@dataclass(frozen=True, slots=True)
class Package:
    """A packed package, as a registry serves it.

    Attributes:
        name: "@tensorflow/tfjs".
        version: Exact.
        bytes: Size of the packed file.
        integrity: "sha512-…" of the packed file, as lock files have it.
        licence: SPDX identifier.
        copyright: Whose it is.
        files: Those that are used, by their paths inside: "sha384-…", as the attribute `integrity` of a script has it.
    """

    name: str
    version: str
    bytes: int
    integrity: str
    licence: str
    copyright: str
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def tarball(self) -> str:
        """Return the packed file's bare name."""
        return f"{self.name.rpartition('/')[2]}-{self.version}.tgz"

    def remote(self, registry: str) -> Remote:
        """Return where the packed file is.

        Args:
            registry: Address of a registry, ending in "/".
        """
        return Remote(
            name=self.tarball,
            address=f"{registry}{self.name}/-/{self.tarball}",
            max_bytes=self.bytes,
            expected_bytes=self.bytes,
            sha512=base64.b64decode(self.integrity.removeprefix("sha512-")).hex(),
            # A registry in one's own network often has no certificate; the digest is what is trusted.
            may_be_plain=urlsplit(registry).scheme == "http",
        )


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a package.

    Attributes:
        package: Its name in the npm registry.
        version: Exact.
        path: Inside the package.
        integrity: "sha384-…", as the attribute `integrity` of a script takes it.
    """

    package: str
    version: str
    path: str
    integrity: str

    @property
    def place(self) -> str:
        """Return where the file is below any folder of packages: that of the CDN, of a bundle or of this app."""
        return f"{self.package}@{self.version}/{self.path}"


@cache
def pins() -> Mapping[str, Package]:
    """Return all packages a bundle can be made from, by name."""
    table = tomllib.loads(_PINS.read_text(encoding="utf-8"))
    return {entry["name"]: Package(**entry) for entry in table["package"]}


def _file(package: str, path: str) -> PackageFile:
    pin = pins()[package]
    return PackageFile(package, pin.version, path, pin.files[path])


# What the engine's code calls the files; the compatible pair is for browsers without relaxed SIMD.
LITERT_NAMED = {
    "core": _file("@litertjs/core", "dist/index.js"),
    "utils": _file("@litertjs/wasm-utils", "dist/index.js"),
    "fastLoader": _file("@litertjs/core", "wasm/litert_wasm_internal.js"),
    "fastBinary": _file("@litertjs/core", "wasm/litert_wasm_internal.wasm"),
    "compatibleLoader": _file("@litertjs/core", "wasm/litert_wasm_compat_internal.js"),
    "compatibleBinary": _file("@litertjs/core", "wasm/litert_wasm_compat_internal.wasm"),
}
LITERT_FILES = tuple(LITERT_NAMED.values())
LITERT_STARTED = LITERT_FILES[:4]  # what a browser of today loads of them
TFJS_FILES = (
    _file("@tensorflow/tfjs", "dist/tf.min.js"),
    _file("@tensorflow-models/mobilenet", "dist/mobilenet.min.js"),
)
# What a browser of today loads of them.
STARTED_BYTES = {"litert": 9_695_945, "tfjs": 1_503_484}

# For projects that Vite builds. Exact, as a project for a workshop must build the same next year as today.
VITE = {"vite": "8.3.8"}
FRAMEWORKS: dict[str, tuple[dict[str, str], dict[str, str]]] = {  # what the page needs, and what building it does
    "npm": ({}, {}),
    "vue": ({"vue": "3.5.45"}, {"@vitejs/plugin-vue": "6.0.11"}),
    "react": ({"react": "19.3.1", "react-dom": "19.3.1"}, {"@vitejs/plugin-react": "6.3.0"}),
    "svelte": ({"svelte": "5.57.3"}, {"@sveltejs/vite-plugin-svelte": "7.3.1"}),
}
ENGINE_PACKAGES = {
    "litert": {file.package: file.version for file in LITERT_FILES},
    "tfjs": {file.package: file.version for file in TFJS_FILES},
}
