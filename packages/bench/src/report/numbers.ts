// report/numbers: numbers as a table shows them: three digits that mean something.
import type { Spread } from '../stats.ts'

export function show(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en')
  if (size >= 10) return value.toFixed(1)
  return value.toFixed(2)
}

/** The median, and how far the rounds were apart. */
export function showSpread({ median, min, max, samples }: Spread): string {
  return samples.length === 1 ? show(median) : `${show(median)} (${show(min)}–${show(max)})`
}
