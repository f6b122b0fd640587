// LiteRT.js, from the project's own packages; the compatible pair is for browsers without relaxed SIMD.

import compatibleLoader from '@litertjs/core/wasm/litert_wasm_compat_internal.js?url';
import compatibleBinary from '@litertjs/core/wasm/litert_wasm_compat_internal.wasm?url';
import fastLoader from '@litertjs/core/wasm/litert_wasm_internal.js?url';
import fastBinary from '@litertjs/core/wasm/litert_wasm_internal.wasm?url';

const FILES = {compatibleLoader, compatibleBinary, fastLoader, fastBinary};

export const runtime = {
  library: () => import('@litertjs/core'),
  fetch: (_, name) => fetch(FILES[name]),
};
