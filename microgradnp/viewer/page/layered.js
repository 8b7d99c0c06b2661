// The layout of one level: the algorithm of drawing/layered.py, described there, function by function. A test compares the results.

const SWEEPS = 8, SWEEPS_WHEN_LARGE = 2, LARGE_TO_SORT = 20000, FORMING = 6, SETTLING = 80, SETTLING_WHEN_LARGE = 8, LARGE = 1000, STILL = 0.05;
const BETWEEN_ITEMS = 26, BETWEEN_BENDS = 12, BEND = 4, BETWEEN_RANKS = 34, BENDS_PER_ITEM = 4, BENDS_AT_LEAST = 20000;
const most = (list, other) => list.reduce((a, b) => (b > a ? b : a), other);

// A level: {across, along, wires: [{source, offset, targets: [[item, offset, weight]]}], first, last, light (sets)}
function place(level, lead, tail) {
  const rank = ranks(level), columns = new Columns(level, rank);
  columns.sort();
  columns.relax();
  columns.straighten();
  const [rankStart, rankEnd, length] = lengths(level, rank, lead, tail);
  const sources = new Set(level.wires.map((wire) => wire.source));
  const targets = new Set(level.wires.flatMap((wire) => wire.targets.map(([target]) => target)));
  const start = rank.map((r, item) => {
    const slack = rankEnd[r] - rankStart[r] - level.along[item];
    return rankStart[r] + (!targets.has(item) ? 1 : !sources.has(item) ? 0 : 0.5) * slack;
  });
  const { x, size } = columns;
  let left = Infinity, right = -Infinity;
  x.forEach((center, i) => { left = Math.min(left, center - size[i] / 2); right = Math.max(right, center + size[i] / 2); });
  const bends = columns.chains.map((chain) => new Map([...chain].map(([r, element]) => [r, x[element]])));
  return { center: x.slice(0, rank.length), start, rank, bends, rankStart, rankEnd, left, right, length };
}

function ranks(level) {
  const n = level.across.length, after = level.across.map(() => []), before = new Array(n).fill(0), held = new Array(n).fill(0);
  for (const wire of level.wires) {
    for (const [target] of wire.targets) {
      after[wire.source].push(target);
      before[target]++;
      held[target] += level.light.has(wire.source) ? 0 : 1;
    }
  }
  const rank = before.map((_, item) => (level.first.size && !level.first.has(item) ? 1 : 0));
  const missing = [...before], order = [];
  before.forEach((b, item) => b || order.push(item));
  for (const item of order) { // grows while it is read
    for (const target of after[item]) {
      rank[target] = Math.max(rank[target], rank[item] + 1);
      if (!--missing[target]) order.push(target);
    }
  }
  const lowest = most(rank.filter((_, item) => !level.last.has(item)), 0) + 1;
  for (const item of level.last) rank[item] = lowest;
  for (const item of order.reverse()) {
    const inner = after[item].filter((target) => !level.last.has(target)).map((target) => rank[target]);
    if (!level.first.has(item) && !level.last.has(item) && inner.length && held[item] <= inner.length) {
      rank[item] = Math.max(rank[item], inner.reduce((a, b) => Math.min(a, b)) - 1);
    }
  }
  return rank;
}

function lengths(level, rank, lead, tail) {
  const depth = most(rank, 0) + 1, size = new Array(depth).fill(0), start = [], end = [];
  rank.forEach((r, item) => { size[r] = Math.max(size[r], level.along[item]); });
  let position = level.first.size ? 0 : lead;
  for (let r = 0; r < depth; r++) {
    if (r) position += level.first.size && r === 1 ? lead : level.last.size && r === depth - 1 ? tail : BETWEEN_RANKS;
    start.push(position);
    position += size[r];
    end.push(position);
  }
  return [start, end, level.last.size ? position : position + tail];
}

class Columns {
  constructor(level, rank) {
    this.level = level;
    this.size = [...level.across];
    this.rank = [...rank];
    this.chains = level.wires.map(() => new Map()); // rank -> bend
    this.before = this.size.map(() => []); // [neighbour, desired offset, weight]
    this.after = this.size.map(() => []);
    this.connect();
    this.ranks = Array.from({ length: most(this.rank, 0) + 1 }, () => []);
    this.rank.forEach((r, element) => this.ranks[r].push(element));
    this.x = new Array(this.size.length).fill(0);
    for (const elements of this.ranks) this.pack(elements, elements.map((_, i) => i));
  }

  connect() {
    const { rank } = this, { wires } = this.level;
    const ends = wires.map((wire) => most(wire.targets.map(([target]) => rank[target]), 0));
    let budget = BENDS_AT_LEAST + BENDS_PER_ITEM * this.size.length;
    const order = wires.map((_, w) => w).sort((a, b) => ends[a] - rank[wires[a].source] - (ends[b] - rank[wires[b].source]));
    for (const w of order) {
      const wire = wires[w], chain = this.chains[w], first = rank[wire.source];
      budget -= Math.max(0, ends[w] - first - 1);
      if (budget >= 0) for (let r = first + 1; r < ends[w]; r++) chain.set(r, this.bend(r));
      const heavy = wire.targets.filter(([target]) => rank[target] > first + 1).map(([, , weight]) => weight);
      const weight = heavy.length ? most(heavy, -Infinity) : 1;
      let previous = wire.source, offset = wire.offset;
      for (const bend of chain.values()) {
        this.join(previous, bend, offset, 0, weight * (previous === wire.source ? 1 : 4));
        [previous, offset] = [bend, 0];
      }
      for (const [target, shift, own] of wire.targets) {
        const bend = chain.get(rank[target] - 1), start = bend === undefined ? wire.source : bend;
        if (rank[target] === this.rank[start] + 1) this.join(start, target, bend === undefined ? wire.offset : 0, shift, own);
      }
    }
  }

  bend(r) {
    this.size.push(BEND);
    this.rank.push(r);
    this.before.push([]);
    this.after.push([]);
    return this.size.length - 1;
  }

  join(upper, lower, out, into, weight) {
    this.after[upper].push([lower, into - out, weight]);
    this.before[lower].push([upper, out - into, weight]);
  }

  sort() {
    let best = this.ranks.map((r) => [...r]), fewest = this.crossings();
    const sweeps = this.size.length < LARGE_TO_SORT ? SWEEPS : SWEEPS_WHEN_LARGE;
    for (let sweep = 0; sweep < sweeps && fewest; sweep++) {
      const downward = sweep % 2 === 0, neighbours = downward ? this.before : this.after;
      for (const elements of downward ? this.ranks.slice(1) : this.ranks.slice(0, -1).reverse()) {
        const desired = new Map(elements.map((e) => [e, this.wish(e, neighbours)[0]]));
        elements.sort((a, b) => desired.get(a) - desired.get(b));
        this.pack(elements, elements.map((e) => desired.get(e)));
      }
      const crossings = this.crossings();
      if (crossings < fewest) [best, fewest] = [this.ranks.map((r) => [...r]), crossings];
    }
    this.ranks = best;
  }

  crossings() {
    let total = 0;
    for (const elements of this.ranks) {
      const ends = [];
      for (const element of elements) {
        const reached = this.after[element].map(([lower]) => this.x[lower]).sort((a, b) => a - b);
        for (const x of reached) total += ends.length - above(ends, x);
        for (const x of reached) ends.splice(above(ends, x), 0, x);
      }
    }
    return total;
  }

  wish(element, neighbours) {
    let total = 0, weights = 0;
    for (const [other, offset, weight] of neighbours[element]) {
      total += weight * (this.x[other] + offset);
      weights += weight;
    }
    return weights ? [total / weights, weights] : [this.x[element], 0.001];
  }

  relax() {
    for (const elements of this.ranks) this.pack(elements, elements.map((e) => this.x[e]));
    const both = this.before.map((b, i) => [...b, ...this.after[i]]);
    for (let i = 0; i < FORMING; i++) this.sweep(i % 2 === 0, i % 2 ? this.after : this.before);
    const rounds = this.size.length < LARGE ? SETTLING : SETTLING_WHEN_LARGE;
    for (let i = 0; i < rounds; i++) if (this.sweep(i % 2 === 0, both) < STILL) break;
  }

  sweep(downward, neighbours) {
    let moved = 0;
    for (const elements of downward ? this.ranks : [...this.ranks].reverse()) {
      const wishes = elements.map((e) => this.wish(e, neighbours));
      moved = Math.max(moved, this.pack(elements, wishes.map(([x]) => x), wishes.map(([, weight]) => weight)));
    }
    return moved;
  }

  straighten() {
    const position = new Map();
    for (const elements of this.ranks) elements.forEach((element, i) => position.set(element, i));
    for (const chain of this.chains) {
      let piece = [], low = -Infinity, high = Infinity;
      for (const [r, bend] of chain) {
        const [least, largest] = this.room(bend, r, position);
        if (Math.max(low, least) > Math.min(high, largest)) {
          this.align(piece, low, high);
          [piece, low, high] = [[], -Infinity, Infinity];
        }
        piece.push(bend);
        [low, high] = [Math.max(low, least), Math.min(high, largest)];
      }
      this.align(piece, low, high);
    }
  }

  align(piece, low, high) {
    const middle = piece.reduce((sum, bend) => sum + this.x[bend], 0) / piece.length;
    for (const bend of piece) this.x[bend] = Math.min(Math.max(middle, low), high);
  }

  room(element, r, position) {
    const elements = this.ranks[r], i = position.get(element);
    const low = i ? this.x[elements[i - 1]] + this.gap(elements[i - 1], element) : -Infinity;
    const high = i + 1 < elements.length ? this.x[elements[i + 1]] - this.gap(element, elements[i + 1]) : Infinity;
    return [low, high];
  }

  pack(elements, desired, weights) {
    const needed = elements.slice(1).map((b, i) => this.gap(elements[i], b));
    const places = spread(desired, weights || elements.map(() => 1), needed);
    let moved = 0;
    elements.forEach((element, i) => {
      moved = Math.max(moved, Math.abs(this.x[element] - places[i]));
      this.x[element] = places[i];
    });
    return moved;
  }

  gap(left, right) {
    const items = this.level.across.length;
    return (this.size[left] + this.size[right]) / 2 + (left < items && right < items ? BETWEEN_ITEMS : BETWEEN_BENDS);
  }
}

// How many of the sorted numbers are not greater than x.
function above(sorted, x) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x < sorted[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

// Isotonic regression by pooling adjacent violators.
function spread(desired, weights, needed) {
  const shifts = [0], pools = []; // [weighted sum, weight, members]
  for (const gap of needed) shifts.push(shifts[shifts.length - 1] + gap);
  desired.forEach((wish, i) => {
    let weight = weights[i], total = weight * (wish - shifts[i]), members = 1;
    while (pools.length && pools[pools.length - 1][0] / pools[pools.length - 1][1] > total / weight) {
      const earlier = pools.pop();
      total += earlier[0];
      weight += earlier[1];
      members += earlier[2];
    }
    pools.push([total, weight, members]);
  });
  const means = pools.flatMap(([total, weight, members]) => new Array(members).fill(total / weight));
  return means.map((mean, i) => mean + shifts[i]);
}
