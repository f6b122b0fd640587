"""The files of public packages that web snippets load: exact versions, addresses and what their content must be.

The digests were taken from the packages as published; jsDelivr serves a package's files byte for byte under addresses
that name the exact version and the full path (not under the bare package, whose default file it makes by itself).
"""

from dataclasses import dataclass

CDN = "https://cdn.jsdelivr.net/npm/"


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


LITERT_VERSION = "2.5.3"
TFJS_VERSION = "4.22.0"
MOBILENET_VERSION = "2.1.1"

LITERT = PackageFile(
    "@litertjs/core",
    LITERT_VERSION,
    "dist/index.js",
    "sha384-MapSVJ/DPwvaWpp7q+Bid9O3uY1oB0KOU1QRMP+Mm5zdz5oMme/BUyX6dVAMWnPg",
)
WASM_UTILS = PackageFile(
    "@litertjs/wasm-utils",
    LITERT_VERSION,
    "dist/index.js",
    "sha384-HIPwlWsctS5BRqrnvJKDVJ8SvqKB0QmiImdr6+hpP7+8UqeMJX/qrBkdfKQV2WZ/",
)
LITERT_FAST = (
    PackageFile(
        "@litertjs/core",
        LITERT_VERSION,
        "wasm/litert_wasm_internal.js",
        "sha384-NB/Wc4iozynQO5jzJ2VFoMKbqMvwwFGWxJL/o63IJT6W2JfZbsSLxA2cF6H/mLpQ",
    ),
    PackageFile(
        "@litertjs/core",
        LITERT_VERSION,
        "wasm/litert_wasm_internal.wasm",
        "sha384-AZ/Ak4CbDpjqpSr8WsnoL3Dcx6bDFA/k9b/jahok1TGHZ2OqIRjLBMiEmiNedhlC",
    ),
)
# For browsers without relaxed SIMD.
LITERT_COMPATIBLE = (
    PackageFile(
        "@litertjs/core",
        LITERT_VERSION,
        "wasm/litert_wasm_compat_internal.js",
        "sha384-oh4nb8zDq6eVOpGeZE5gwDOJ16QujHLL8k/HEXt3XiPxr+8zn3YnkXP8P3BlJET1",
    ),
    PackageFile(
        "@litertjs/core",
        LITERT_VERSION,
        "wasm/litert_wasm_compat_internal.wasm",
        "sha384-glAZ6WjS7tLRt89pbTPXvLC1c7DCaVSfL2ngn5gZJiUuPs76fWYJy7ZeFaD0PJXx",
    ),
)
TFJS_SCRIPT = PackageFile(
    "@tensorflow/tfjs",
    TFJS_VERSION,
    "dist/tf.min.js",
    "sha384-vE8hbVJ4lezako5rlvE7bY0BVzWlFhZncPlckrqNwcUQpVtgbENTgZ8TBbnPjZre",
)
TFJS_MODULE = PackageFile(
    "@tensorflow/tfjs",
    TFJS_VERSION,
    "dist/tf.fesm.min.js",
    "sha384-sVlxznT2g8UX+LKW0MDllnfEuRVwUddI56wB4DDI438kCsTkdvYxJz657EqBDpmc",
)
MOBILENET_SCRIPT = PackageFile(
    "@tensorflow-models/mobilenet",
    MOBILENET_VERSION,
    "dist/mobilenet.min.js",
    "sha384-oBAqwJ0tv9zzKlbIZyBhhXlEvU/PMrSMqDyOHlEZVC8xWHx4yPySuS7vRikRcYFq",
)
MOBILENET_MODULE = PackageFile(
    "@tensorflow-models/mobilenet",
    MOBILENET_VERSION,
    "dist/mobilenet.esm.js",
    "sha384-RQmisE6gph2Hrik6fa9ABJYOQDsl1dEPoq8wWDVqiXkrQWPTOc/NE2hE5dRmL6C/",
)

# What the browser's own import finds under which name. All of TF.js is in one file, so that there is only one of it.
LITERT_IMPORTS = {"@litertjs/core": LITERT, "@litertjs/wasm-utils": WASM_UTILS}
TFJS_IMPORTS = {
    "@tensorflow/tfjs": TFJS_MODULE,
    "@tensorflow/tfjs-core": TFJS_MODULE,
    "@tensorflow/tfjs-converter": TFJS_MODULE,
    "@tensorflow-models/mobilenet": MOBILENET_MODULE,
}
LITERT_FILES = (LITERT, WASM_UTILS, *LITERT_FAST, *LITERT_COMPATIBLE)
TFJS_SCRIPT_FILES = (TFJS_SCRIPT, MOBILENET_SCRIPT)
TFJS_MODULE_FILES = (TFJS_MODULE, MOBILENET_MODULE)

# For projects that Vite builds. Exact, as a project for a workshop must build the same next year as today.
VITE = {"vite": "8.3.8"}
FRAMEWORKS: dict[str, tuple[dict[str, str], dict[str, str]]] = {  # what the page needs, and what building it does
    "npm": ({}, {}),
    "vue": ({"vue": "3.5.45"}, {"@vitejs/plugin-vue": "6.0.11"}),
    "react": ({"react": "19.3.1", "react-dom": "19.3.1"}, {"@vitejs/plugin-react": "6.3.0"}),
    "svelte": ({"svelte": "5.57.3"}, {"@sveltejs/vite-plugin-svelte": "7.3.1"}),
}
ENGINE_PACKAGES = {
    "litert": {"@litertjs/core": LITERT_VERSION, "@litertjs/wasm-utils": LITERT_VERSION},
    "tfjs": {"@tensorflow/tfjs": TFJS_VERSION, "@tensorflow-models/mobilenet": MOBILENET_VERSION},
}
