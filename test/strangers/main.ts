// strangers/main: `pnpm strangers [PART OF A NAME…]`: tries them one after another, and writes docs/STRANGERS.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { cleanTemp } from '@mcp-bridge/testkit'
import setup from '../containers/engine.ts'
import { STRANGERS } from './list.ts'
import { page } from './page.ts'
import { tryStranger, type Result } from './stranger.ts'

const RESULTS = new URL('results.json', import.meta.url)
const PAGE = new URL('../../docs/STRANGERS.md', import.meta.url)

const wanted = process.argv.slice(2)
const results = new Map(readResults().map((each) => [each.source, each]))
setup()
for (const stranger of STRANGERS) {
  if (wanted.length > 0 && !wanted.some((part) => stranger.source.includes(part))) continue
  const result = await tryStranger(stranger)
  results.set(stranger.source, result)
  process.stdout.write(`${JSON.stringify(result)}\n`)
  // After each: a run takes half an hour, and may be ended.
  writeFileSync(RESULTS, `${JSON.stringify([...results.values()], undefined, 2)}\n`)
  writeFileSync(PAGE, page(results))
}
cleanTemp()

function readResults(): Result[] {
  try {
    const known = JSON.parse(readFileSync(RESULTS, 'utf8')) as Result[]
    return known.filter(({ source }) => STRANGERS.some((each) => each.source === source))
  } catch {
    return []
  }
}
