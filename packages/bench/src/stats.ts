// stats: medians and spreads.

export interface Spread {
  median: number
  min: number
  max: number
  samples: number[]
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    min: sorted[0] ?? NaN,
    max: sorted.at(-1) ?? NaN,
    samples: [...samples],
  }
}

export function median(samples: readonly number[]): number {
  return quantile(
    samples.toSorted((a, b) => a - b),
    0.5,
  )
}

/** The nearest rank; for the median of an even number the mean of the two in the middle. */
export function quantile(sorted: readonly number[], share: number): number {
  const { length } = sorted
  if (length === 0) return NaN
  if (share === 0.5 && length % 2 === 0) return (at(sorted, length / 2 - 1) + at(sorted, length / 2)) / 2
  return at(sorted, Math.min(length - 1, Math.ceil(share * length) - 1))
}

function at(sorted: readonly number[], index: number): number {
  return sorted[index] ?? NaN
}
