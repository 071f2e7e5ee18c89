// Samples and what is said about them.

/** The value that a share of the samples lies below. */
export function quantile(samples, share) {
  const sorted = [...samples].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

export function summarize(samples) {
  return { p10: quantile(samples, 0.1), median: quantile(samples, 0.5), samples: samples.length };
}

export function shuffled(items) {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/**
 * Takes one sample of each subject in every round, in an order drawn anew, so that whatever disturbs the machine
 * disturbs all of them. A subject returns its sample; the first rounds don't count.
 */
export async function sampleInRounds(subjects, { rounds, warmUp = 3 }) {
  const samples = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, subject] of shuffled(Object.entries(subjects))) {
      const sample = await subject();
      if (round >= 0) samples[name].push(sample);
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, taken]) => [name, summarize(taken)]));
}

/** A subject that takes as long as `action`, in milliseconds. */
export function timed(action) {
  return async () => {
    const start = performance.now();
    await action();
    return performance.now() - start;
  };
}

/** Sets each figure against its baseline, which is one of them. */
export function compare(figures, baselineOf) {
  return Object.fromEntries(Object.entries(figures).map(([name, figure]) => {
    const against = baselineOf(name);
    if (against === undefined || against === name) return [name, figure];
    const baseline = figures[against];
    return [name, { ...figure, against, ratio: { median: figure.median / baseline.median, p10: figure.p10 / baseline.p10 } }];
  }));
}
