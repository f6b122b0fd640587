// Does one class stand out? p1 ≥ p2 are the two largest probabilities:
//   rival: p2 ≥ ratio · p1      weak: p1 < floor
//   neither → clear     rival only → close     weak only → weak     both → none
// An unknown object often gets a clear, wrong answer: ambiguity is not novelty.

const MOST_NAMED = 5;
const A_LOT = 0.5;

export function judge(probabilities, labels, {ratio, floor}) {
  const ranked = rank(probabilities, labels, MOST_NAMED);
  const p1 = ranked[0].probability;
  const p2 = ranked.length > 1 ? ranked[1].probability : 0;
  const hasRival = p2 >= ratio * p1;
  const isWeak = p1 < floor;
  const running = hasRival ? probabilities.reduce((count, p) => count + (p >= ratio * p1 ? 1 : 0), 0) : 0;
  return {
    kind: hasRival ? (isWeak ? 'none' : 'close') : (isWeak ? 'weak' : 'clear'),
    winner: ranked[0],
    rivals: ranked.slice(0, running),
    moreRivals: Math.max(0, running - MOST_NAMED),
    classes: labels.length,
  };
}

// The `top` likeliest classes, most likely first; ties keep the lower index.
export function rank(probabilities, labels, top) {
  return Array.from(probabilities, (probability, index) => ({index, label: labels[index], probability}))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, top);
}

// The verdict as one sentence.
export function explain({kind, winner, rivals, moreRivals, classes}, words) {
  const names = rivals.map(({label, probability}) => `${label} ${percent(probability)}`);
  if (moreRivals) names.push(`+${moreRivals}`);
  const sentence = kind === 'clear' && winner.probability < A_LOT ? words.clearOfMany : words[kind];
  return fill(sentence, {label: winner.label, percent: percent(winner.probability), classes, names: names.join(', ')});
}

// "91 %"; never "0 %" or "100 %" unless it is exactly that.
export function percent(probability) {
  const whole = roundHalfEven(probability * 100);
  if (whole === 0 && probability > 0) return '<1 %';
  if (whole === 100 && probability < 1) return '>99 %';
  return `${whole} %`;
}

export function roundHalfEven(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

// Puts values into the {gaps} of a sentence.
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (gap, name) => String(values[name] ?? gap));
}
