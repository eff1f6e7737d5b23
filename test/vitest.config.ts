import { defineConfig } from 'vitest/config'

/** Also the base of what is too slow or too special for `npm test`: see vitest.special.config.ts. */
export const base = {
  root: new URL('..', import.meta.url).pathname,
  exclude: ['**/node_modules/**', '**/dist/**'],
  globalSetup: [new URL('nothing-left.ts', import.meta.url).pathname],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Real processes on a small machine: more at once would only measure the scheduler.
  maxWorkers: 2,
}

export default defineConfig({
  test: {
    ...base,
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: [...base.exclude, 'test/special/**', 'test/containers/**', 'test/stack/**'],
  },
})
