// config/units: what durations and sizes have in common: an amount, a unit, and a complaint.
import { BridgeError } from '../errors.ts'

/** 1.1 * 1000 is 1100.0000000000002: what is a whole number but for that, is one. */
export function exact(product: number): number {
  const whole = Math.round(product)
  return Math.abs(product - whole) < 1e-6 ? whole : product
}

/** In the largest unit that leaves no fraction; `units` from the largest to the smallest. */
export function inUnits(amount: number, units: Readonly<Record<string, number>>): string {
  if (amount === 0) return '0'
  const [unit, factor] = Object.entries(units).find(([, size]) => amount % size === 0) ?? ['', 1]
  return `${amount / factor}${unit}`
}

export function invalid(raw: string | number, what: string, remedy: string): BridgeError {
  return new BridgeError('config_invalid', `${JSON.stringify(raw)} ${what}: ${remedy}`)
}
