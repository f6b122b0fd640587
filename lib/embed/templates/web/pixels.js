// A photo of any size → the RGB bytes that the model looks at, scaled as the app scales them (Pillow's BILINEAR and
// BICUBIC, which average over the area a new pixel covers; a canvas does not, and moves probabilities by up to 0.2).

const ROWS_AT_ONCE = 256; // keeps the canvas small: phones refuse large ones
const CENTRAL_FRACTION = 0.875;
const ONE = 2 ** 22; // weights are whole numbers of this fineness

// How much an old pixel counts by its distance from the new one's centre, up to `reach`, where no scale is reduced.
const FILTERS = {
  bilinear: {reach: 1, weight: (x) => Math.max(0, 1 - x)},
  bicubic: {reach: 2, weight: cubic},
};

export function toPixels(bitmap, {width, height, resize, filter, leastSide}) {
  const photo = partOf(read(bitmap, reductionOf(bitmap, leastSide)), resize, width, height);
  const across = (image) => scaleAcross(image, width, FILTERS[filter]);
  const down = (image) => scaleDown(image, height, FILTERS[filter]);
  const isTall = photo.height > height && photo.height - height > 2 * (photo.width - width);
  return (isTall ? across(down(photo)) : down(across(photo))).data;
}

// Keys 1981, "Cubic convolution interpolation for digital image processing", with a = -1/2.
function cubic(x) {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
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

// "square": the middle in the shape of the input, 87.5% of the shorter side; "middle": the same with all of that side;
// "crop": the middle 87.5% of each side.
function partOf(photo, resize, width, height) {
  if (resize === 'square' || resize === 'middle') {
    const isNarrow = photo.width * height <= photo.height * width;
    const [seen, all] = resize === 'square' ? [7, 8] : [1, 1];
    const [part, whole] = isNarrow ? [seen * photo.width, all * width] : [seen * photo.height, all * height];
    const [partWidth, partHeight] = [width, height].map((side) => Math.max(1, Math.floor((side * part) / whole)));
    const left = Math.floor((photo.width - partWidth + 1) / 2);
    return cut(photo, left, Math.floor((photo.height - partHeight + 1) / 2), partWidth, partHeight);
  }
  if (resize === 'crop') {
    const left = Math.floor((photo.width * (1 - CENTRAL_FRACTION)) / 2);
    const top = Math.floor((photo.height * (1 - CENTRAL_FRACTION)) / 2);
    return cut(photo, left, top, photo.width - 2 * left, photo.height - 2 * top);
  }
  return photo;
}

function cut(photo, left, top, width, height) {
  const image = blank(width, height);
  for (let y = 0; y < image.height; y += 1) {
    const start = ((y + top) * photo.width + left) * 3;
    image.data.set(photo.data.subarray(start, start + image.width * 3), y * image.width * 3);
  }
  return image;
}

function scaleAcross(photo, width, filter) {
  const image = blank(width, photo.height);
  weightsFor(photo.width, width, filter).forEach(({first, weights}, x) => {
    for (let y = 0; y < photo.height; y += 1) {
      mix(photo, (y * photo.width + first) * 3, 3, weights, image, (y * width + x) * 3);
    }
  });
  return image;
}

function scaleDown(photo, height, filter) {
  const image = blank(photo.width, height);
  weightsFor(photo.height, height, filter).forEach(({first, weights}, y) => {
    for (let x = 0; x < photo.width; x += 1) {
      mix(photo, (first * photo.width + x) * 3, photo.width * 3, weights, image, (y * photo.width + x) * 3);
    }
  });
  return image;
}

// For each new pixel: the first old one that counts, and how much it and those behind it count.
function weightsFor(before, after, filter) {
  const scale = before / after;
  const spread = Math.max(scale, 1);
  const reach = filter.reach * spread;
  return Array.from({length: after}, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(before, Math.floor(centre + reach + 0.5));
    const shares = Array.from({length: end - first}, (__, k) =>
      filter.weight(Math.abs((first + k - centre + 0.5) * (1 / spread))));
    const total = shares.reduce((a, b) => a + b);
    return {first, weights: shares.map((share) => Math.trunc((share / total) * ONE + (share < 0 ? -0.5 : 0.5)))};
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
