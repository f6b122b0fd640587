// Does one class stand out? p1 ≥ p2 are the two largest probabilities:
//   rival: p2 ≥ ratio · p1      weak: p1 < floor
//   neither → clear     rival only → close     weak only → weak     both → none
// An unknown object often gets a clear, wrong answer: ambiguity is not novelty. Whether a photo is unlike all that the
// model learned from is asked apart, of its familiarity: below the threshold it is.

const MOST_NAMED = 5;
const A_LOT = 0.5;
const GROUP_FLOOR = 0.6;
const MOST_DIGITS = 4;
const NOT_TOLD = {unfamiliar: null, strange: false, numbers: []};

export function judge(probabilities, labels, {ratio, floor}) {
  const ranked = rank(probabilities, labels, MOST_NAMED);
  const p1 = ranked[0].probability;
  const p2 = ranked.length > 1 ? ranked[1].probability : 0;
  const running = p2 >= ratio * p1 ? probabilities.reduce((count, p) => count + (p >= ratio * p1 ? 1 : 0), 0) : 0;
  return {
    kind: kindOf(p1, p2, ratio, floor),
    winner: ranked[0],
    rivals: ranked.slice(0, running),
    moreRivals: Math.max(0, running - MOST_NAMED),
    classes: labels.length,
    floor,
  };
}

// The everyday group that leads, such as all breeds of dog, judged among the groups; null where the rest leads, which has
// no name. `groups` tells for each name which classes are in it: "281-285" are five.
export function judgeGroups(probabilities, labels, groups, {ratio}) {
  const parts = Object.entries(groups).map(([phrase, spans]) => ({phrase, members: spans.split(' ').flatMap(toPositions)}));
  const inGroups = new Set(parts.flatMap(({members}) => members));
  const rest = [...labels.keys()].filter((index) => !inGroups.has(index));
  const sums = [...parts, {members: rest}].map(({members}) => members.reduce((sum, i) => sum + probabilities[i], 0));
  const [first, second] = rank(sums, [], 2);
  if (first.index === parts.length) return null;
  const {phrase, members} = parts[first.index];
  const own = members.map((index) => ({index, label: labels[index], probability: probabilities[index]}))
    .sort((a, b) => b.probability - a.probability);
  const running = own.filter(({probability}) => probability >= ratio * own[0].probability);
  return {
    phrase,
    probability: Math.min(first.probability, 1),
    kind: kindOf(first.probability, second.probability, ratio, GROUP_FLOOR),
    rivals: running.slice(0, MOST_NAMED),
    moreRivals: Math.max(0, running.length - MOST_NAMED),
  };
}

function toPositions(span) {
  const [first, last = first] = span.split('-').map(Number);
  return Array.from({length: last - first + 1}, (_, i) => first + i);
}

function kindOf(p1, p2, ratio, floor) {
  const isWeak = p1 < floor;
  return p2 >= ratio * p1 ? (isWeak ? 'none' : 'close') : (isWeak ? 'weak' : 'clear');
}

// The `top` likeliest classes, most likely first; ties keep the lower index.
export function rank(probabilities, labels, top) {
  return Array.from(probabilities, (probability, index) => ({index, label: labels[index], probability}))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, top);
}

// null for a model that cannot say. `strange`: it goes before the verdict; a mere hint only before a clear class, other
// verdicts being doubt enough. `numbers` are the score and the one that it would need, as people read them.
export function judgeNovelty(score, novelty, kind) {
  if (!novelty) return NOT_TOLD;
  const unfamiliar = score < novelty.threshold;
  const numbers = toNumbers([score, novelty.threshold], novelty.digits);
  return {unfamiliar, strange: unfamiliar && (kind === 'clear' || !novelty.hint), numbers};
}

// As few digits as tell them apart: ["3.1", "5.2"].
function toNumbers(values, digits) {
  const [score, needed] = values.map((value) => value.toFixed(digits).replace(/^-(?=[0.]*$)/, ''));
  return score === needed && digits < MOST_DIGITS ? toNumbers(values, digits + 1) : [score, needed];
}

// The verdict as one sentence; where no class stands out but `group` does, as two: it, and which kind. Of an unfamiliar
// photo no more is said than that it is.
export function explain(verdict, words, group = null, {strange, numbers: [score, needed]} = NOT_TOLD) {
  const {kind, winner, classes} = verdict;
  if (strange) return fill(words.unfamiliar, {label: winner.label, score, needed});
  if (group?.kind === 'clear' && kind !== 'clear') return explainGroup(group, verdict, words);
  const sentence = kind === 'clear' && winner.probability < A_LOT ? words.clearOfMany : words[kind];
  return fill(sentence, {label: winner.label, percent: percent(winner.probability), classes, names: toNames(verdict, words)});
}

function explainGroup(group, {floor}, words) {
  const {label, probability} = group.rivals[0];
  const several = probability < floor ? words.kindNone : words.kindClose;
  return fill(words.groupAndKind, {
    group: fill(words.group, {group: group.phrase, percent: percent(group.probability)}),
    kind: fill(group.rivals.length > 1 ? several : words.kindWeak, {
      label, percent: percent(probability), names: toNames(group, words),
    }),
  });
}

// The classes that are rivals, and the winner: "cat 46%, dog 41% and 3 more".
function toNames({rivals, moreRivals}, words) {
  const names = rivals.map(({label, probability}) => `${label} ${percent(probability)}`).join(words.separator);
  return moreRivals ? fill(words.more, {names, n: moreRivals}) : names;
}

// "91%"; never "0%" or "100%" unless it is exactly that.
export function percent(probability) {
  const whole = roundHalfEven(probability * 100);
  if (whole === 0 && probability > 0) return '<1%';
  if (whole === 100 && probability < 1) return '>99%';
  return `${whole}%`;
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
