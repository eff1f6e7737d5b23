import { defineConfig } from 'vitest/config'
import { base } from './vitest.config.ts'

/** What needs a Docker engine: test/containers/engine.sh brings one, and packages/toolkit/local-images/build the bases. */
export default defineConfig({
  test: {
    ...base,
    include: ['test/containers/**/*.test.ts'],
    globalSetup: [...base.globalSetup, new URL('containers/engine.ts', import.meta.url).pathname],
    testTimeout: 600_000,
    hookTimeout: 1_800_000,
    // One engine, and images whose builds take all cores.
    fileParallelism: false,
  },
})
