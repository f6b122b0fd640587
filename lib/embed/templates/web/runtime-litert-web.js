// The files of LiteRT.js; the compatible pair is for browsers without relaxed SIMD.

export const runtime = [[ runtime|js ]];
