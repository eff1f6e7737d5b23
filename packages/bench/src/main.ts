// main: `pnpm bench`; looks first whether there is something to measure.
import { existsSync } from 'node:fs'
import { BUILT } from './built.ts'

const missing = BUILT.filter((file) => !existsSync(file))
if (missing.length > 0) {
  process.stderr.write(`not built yet (${missing.join(', ')}): run "npm run setup" first\n`)
  process.exitCode = 1
} else {
  const { bench } = await import('./bench.ts')
  process.exitCode = await bench(process.argv.slice(2))
}
