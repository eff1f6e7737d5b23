// large: 20 MB in either direction costs the bridge little more than the bytes themselves, and then nothing.
import { fixture } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable, textOf, WIRES } from '../clients.ts'
import { GROWTH_LIMIT_MIB, PASSAGE_LIMIT_MIB, watchMemory } from './measured.ts'

nothingLeft()

const BYTES = 20_000_000

describe.each(WIRES)('bounds.large: over %s', (_wire, open) => {
  test('a result of 20 MB arrives whole, for less than 60 MiB', async () => {
    const bridge = await bridged(['--', ...fixture('echo')])
    const client = await open(bridge)
    expect(textOf(await client.call('echo', { text: 'awake' }))).toBe('awake')
    const grownBy = watchMemory(bridge)
    const answer = await client.call('big', { bytes: BYTES })
    const text = textOf(answer) ?? ''
    expect(text.length).toBe(BYTES)
    expect(/^x+$/.test(text)).toBe(true)
    expect(grownBy()).toBeLessThan(GROWTH_LIMIT_MIB)
    expect(textOf(await client.call('echo', { text: 'and on' }))).toBe('and on')
  })

  test('a request of 20 MB reaches the tool unchanged, for less than 60 MiB', async () => {
    const bridge = await bridged(['--max-body', '32MiB', '--', ...fixture('echo')])
    const client = await open(bridge)
    expect(textOf(await client.call('echo', { text: 'awake' }))).toBe('awake')
    const grownBy = watchMemory(bridge)
    expect(textOf(await client.call('pid', { cargo: 'c'.repeat(BYTES) }))).toMatch(/^\d+$/)
    expect(grownBy()).toBeLessThan(GROWTH_LIMIT_MIB)
    // Not one letter repeated: a chunk lost or swapped would not show.
    const counted = Array.from({ length: BYTES / 10 }, (_, n) => String(n).padStart(9, '€')).join(' ')
    expect(textOf(await client.call('echo', { text: counted })) === counted).toBe(true)
  })
})

test('bounds.large: what answers cost does not add up: 300 MB of them, and the replay log keeps 1 MiB', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  const client = await openStreamable(bridge)
  const call = async (): Promise<void> => {
    const answer = await client.call('big', { bytes: 500_000 })
    expect(textOf(answer)?.length).toBe(500_000)
  }
  for (let n = 0; n < 20; n++) await call()
  const grownBy = watchMemory(bridge)
  for (let n = 0; n < 150; n++) await Promise.all([call(), call(), call(), call()])
  expect(grownBy()).toBeLessThan(PASSAGE_LIMIT_MIB)
})

test.each(WIRES)('shared.large: %s: one result larger than the budget passes', async (_, open) => {
  const bridge = await bridged(['--children', 'shared', '--', ...fixture('asks-client')])
  const client = await open(bridge)
  const bytes = 20_000_000
  expect(textOf(await client.call('big', { bytes }))?.length).toBe(bytes)
  expect(textOf(await client.call('echo', { text: 'and on' }))).toBe('and on')
})
