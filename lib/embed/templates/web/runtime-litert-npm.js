// The files of LiteRT.js, which Vite copies; the compatible pair is for browsers without relaxed SIMD.

import compatibleLoader from '@litertjs/core/wasm/litert_wasm_compat_internal.js?url';
import compatibleBinary from '@litertjs/core/wasm/litert_wasm_compat_internal.wasm?url';
import fastLoader from '@litertjs/core/wasm/litert_wasm_internal.js?url';
import fastBinary from '@litertjs/core/wasm/litert_wasm_internal.wasm?url';

export const runtime = {
  fast: {loader: {address: fastLoader}, binary: {address: fastBinary}},
  compatible: {loader: {address: compatibleLoader}, binary: {address: compatibleBinary}},
};
