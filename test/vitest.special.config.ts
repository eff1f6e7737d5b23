import { defineConfig } from 'vitest/config'
import { base } from './vitest.config.ts'

/** What needs a browser, Python, Go, nginx, HAProxy, Caddy, Prometheus or other versions of Node; `.ci/run` brings them, but for Go. Without them these tests fail. */
export default defineConfig({
  test: {
    ...base,
    include: ['test/special/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
})
