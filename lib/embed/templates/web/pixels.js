// A photo of any size → the RGB bytes that the model looks at, scaled as the app scales them (Pillow's BILINEAR,
// which averages over the area a new pixel covers; a canvas does not, and moves probabilities by up to 0.2).

const ROWS_AT_ONCE = 256; // keeps the canvas small: phones refuse large ones
const CENTRAL_FRACTION = 0.875;
const ONE = 2 ** 22; // weights are whole numbers of this fineness

export function toPixels(bitmap, {width, height, resize, leastSide}) {
  const whole = read(bitmap, reductionOf(bitmap, leastSide));
  const photo = resize === 'crop' ? middleOf(whole) : whole;
  const isTall = photo.height > height && photo.height - height > 2 * (photo.width - width);
  return (isTall ? scaleAcross(scaleDown(photo, height), width) : scaleDown(scaleAcross(photo, width), height)).data;
}

// Large photos are first reduced to 1/2, 1/4 or 1/8, as long as no side gets too short.
function reductionOf(bitmap, leastSide) {
  const side = Math.min(bitmap.width, bitmap.height);
  return [8, 4, 2].find((factor) => side >= factor * leastSide) ?? 1;
}

// The photo on white, each square of `factor` × `factor` pixels averaged.
function read(bitmap, factor) {
  const image = blank(Math.ceil(bitmap.width / factor), Math.ceil(bitmap.height / factor));
  const canvas = Object.assign(document.createElement('canvas'), {width: bitmap.width, height: ROWS_AT_ONCE});
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.fillStyle = 'white';
  for (let top = 0; top < bitmap.height; top += ROWS_AT_ONCE) {
    const rows = Math.min(ROWS_AT_ONCE, bitmap.height - top);
    context.fillRect(0, 0, bitmap.width, rows);
    context.drawImage(bitmap, 0, top, bitmap.width, rows, 0, 0, bitmap.width, rows);
    const strip = context.getImageData(0, 0, bitmap.width, rows);
    for (let y = 0; y * factor < rows; y += 1) average(strip, y, factor, image, top / factor + y);
  }
  return image;
}

// Row `y` of squares of the strip (RGBA) → row `row` of the image (RGB).
function average(strip, y, factor, image, row) {
  const bottom = Math.min((y + 1) * factor, strip.height);
  for (let x = 0; x < image.width; x += 1) {
    const right = Math.min((x + 1) * factor, strip.width);
    const count = (bottom - y * factor) * (right - x * factor);
    for (let channel = 0; channel < 3; channel += 1) {
      let sum = 0;
      for (let v = y * factor; v < bottom; v += 1) {
        for (let u = x * factor; u < right; u += 1) sum += strip.data[(v * strip.width + u) * 4 + channel];
      }
      image.data[(row * image.width + x) * 3 + channel] = Math.floor((sum + count / 2) / count);
    }
  }
}

function middleOf(photo) {
  const left = Math.floor((photo.width * (1 - CENTRAL_FRACTION)) / 2);
  const top = Math.floor((photo.height * (1 - CENTRAL_FRACTION)) / 2);
  const image = blank(photo.width - 2 * left, photo.height - 2 * top);
  for (let y = 0; y < image.height; y += 1) {
    const start = ((y + top) * photo.width + left) * 3;
    image.data.set(photo.data.subarray(start, start + image.width * 3), y * image.width * 3);
  }
  return image;
}

function scaleAcross(photo, width) {
  const image = blank(width, photo.height);
  weightsFor(photo.width, width).forEach(({first, weights}, x) => {
    for (let y = 0; y < photo.height; y += 1) {
      mix(photo, (y * photo.width + first) * 3, 3, weights, image, (y * width + x) * 3);
    }
  });
  return image;
}

function scaleDown(photo, height) {
  const image = blank(photo.width, height);
  weightsFor(photo.height, height).forEach(({first, weights}, y) => {
    for (let x = 0; x < photo.width; x += 1) {
      mix(photo, (first * photo.width + x) * 3, photo.width * 3, weights, image, (y * photo.width + x) * 3);
    }
  });
  return image;
}

// For each new pixel: the first old one that counts, and how much it and those behind it count.
function weightsFor(before, after) {
  const scale = before / after;
  const reach = Math.max(scale, 1);
  return Array.from({length: after}, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(before, Math.floor(centre + reach + 0.5));
    const shares = Array.from({length: end - first}, (__, k) =>
      Math.max(0, 1 - Math.abs((first + k - centre + 0.5) * (1 / reach))));
    const total = shares.reduce((a, b) => a + b);
    return {first, weights: shares.map((share) => Math.floor(0.5 + (share / total) * ONE))};
  });
}

function mix(from, start, step, weights, to, at) {
  for (let channel = 0; channel < 3; channel += 1) {
    let sum = ONE / 2;
    for (let k = 0; k < weights.length; k += 1) sum += from.data[start + k * step + channel] * weights[k];
    to.data[at + channel] = Math.floor(sum / ONE);
  }
}

function blank(width, height) {
  return {width, height, data: new Uint8ClampedArray(width * height * 3)};
}
