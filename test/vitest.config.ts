import { configDefaults, defineConfig } from 'vitest/config'

const besides = (path: string) => new URL(path, import.meta.url).pathname
/** `.ci/run` asks for it: it runs once more what failed, and has to know what did. */
const isReported = process.env['MCP_BRIDGE_TEST_OUTCOME'] !== undefined

/** Also the base of what is too slow or too special for `npm test`: see vitest.special.config.ts. */
export const base = {
  root: new URL('..', import.meta.url).pathname,
  exclude: ['**/node_modules/**', '**/dist/**'],
  globalSetup: [...(isReported ? [besides('../.ci/closed.mjs')] : []), besides('nothing-left.ts')],
  ...(isReported ? { reporters: [...configDefaults.reporters, besides('../.ci/reporter.mjs')] } : {}),
  // The package as users have it: Node loads it, not vite.
  server: { deps: { external: [/\/packages\/bridge\/dist\//] } },
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Real processes on a small machine: more at once would only measure the scheduler.
  maxWorkers: 2,
  // Tests of one file that run side by side do so because they wait.
  maxConcurrency: 10,
}

export default defineConfig({
  test: {
    ...base,
    // They wait for processes half of the time: on two cores a third fills the gaps, and the whole takes six minutes, not eight.
    maxWorkers: 3,
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: [...base.exclude, 'test/special/**', 'test/containers/**', 'test/stack/**'],
  },
})
