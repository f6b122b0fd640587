// Where photos come from. Each becomes an ImageBitmap, upright and in its own size.

import {sources} from './sources.js';
import {fill} from './verdict.js';

const AS_STORED = {colorSpaceConversion: 'none'}; // colours as the app reads them
const MOST_BYTES = 64 * 2 ** 20; // of a photo, as in the app

// Of a file, or a picture or video of the page; else of what createImageBitmap takes.
export function openPhoto(photo, words) {
  const source = sources().find(([kind]) => photo instanceof kind);
  return source ? source[1](photo, words) : createImageBitmap(photo);
}

export async function fromFile(file, words) {
  try {
    const buffer = await file.slice(0, MOST_BYTES).arrayBuffer();
    if (!isWebp(buffer)) return await createImageBitmap(file, AS_STORED);
    return await turned(await createImageBitmap(file, {...AS_STORED, imageOrientation: 'none'}), orientationOf(buffer));
  } catch {
    throw new Error(fill(words.notPhoto, {file: file.name}));
  }
}

// An <img> from another site must be served with CORS headers and have the attribute crossorigin.
export async function fromImage(image, words) {
  const source = image.currentSrc || image.src;
  await image.decode().catch(() => {
    throw new Error(fill(words.notPhoto, {file: source}));
  });
  if (source.includes('webp')) {
    const file = await fetch(source).then((answer) => answer.blob()).catch(() => undefined);
    if (file && isWebp(await file.slice(0, MOST_BYTES).arrayBuffer())) return fromFile(file, words);
  }
  return createImageBitmap(image, AS_STORED);
}

export function fromVideo(video) {
  return createImageBitmap(video);
}

// Browsers turn a JPEG, a PNG and an AVIF upright as its EXIF data says, and most of them no WebP.
function isWebp(buffer) {
  return nameAt(buffer, 0) === 'RIFF' && nameAt(buffer, 8) === 'WEBP';
}

function nameAt(buffer, at) {
  return String.fromCharCode(...new Uint8Array(buffer).subarray(at, at + 4));
}

// How a WebP was turned when it was stored, as EXIF 2.3 counts in tag 274; 1 is upright.
function orientationOf(buffer) {
  const view = new DataView(buffer);
  let found = 0;
  for (let at = 12; at + 8 <= buffer.byteLength;) {
    const size = view.getUint32(at + 4, true);
    const chunk = buffer.slice(at + 8, at + 8 + size);
    if (nameAt(buffer, at) === 'EXIF') found = inExif(chunk) || found;
    if (nameAt(buffer, at) === 'XMP ') found = found || inXmp(chunk);
    at += 8 + size + (size % 2);
  }
  return found || 1;
}

function inExif(chunk) {
  const view = new DataView(nameAt(chunk, 0) === 'Exif' ? chunk.slice(6) : chunk);
  try {
    const isLittle = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, isLittle);
    for (let i = 0; i < view.getUint16(directory, isLittle); i += 1) {
      const entry = directory + 2 + 12 * i;
      if (view.getUint16(entry, isLittle) === 274) return view.getUint16(entry + 8, isLittle);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // unreadable EXIF data: taken as it is
  }
  return 0;
}

function inXmp(chunk) {
  return Number(/tiff:Orientation(?:="|>)([0-9])/.exec(new TextDecoder().decode(chunk))?.[1] ?? 0);
}

// The bitmap as it was before it was stored with this orientation.
function turned(bitmap, orientation) {
  const {width, height} = bitmap;
  const turn = {
    2: [-1, 0, 0, 1, width, 0],
    3: [-1, 0, 0, -1, width, height],
    4: [1, 0, 0, -1, 0, height],
    5: [0, 1, 1, 0, 0, 0],
    6: [0, 1, -1, 0, height, 0],
    7: [0, -1, -1, 0, height, width],
    8: [0, -1, 1, 0, 0, width],
  }[orientation];
  if (!turn) return bitmap;
  const size = orientation < 5 ? {width, height} : {width: height, height: width};
  const canvas = Object.assign(document.createElement('canvas'), size);
  const context = canvas.getContext('2d');
  context.setTransform(...turn);
  context.drawImage(bitmap, 0, 0);
  return createImageBitmap(canvas);
}
