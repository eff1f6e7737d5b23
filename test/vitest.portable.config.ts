import { defineConfig } from 'vitest/config'
import { base } from './vitest.config.ts'

/** Pure code, for systems without /proc and signals: these tests start no process. `.github/workflows/ci.yml` runs them on macOS and Windows. */
export default defineConfig({
  test: {
    ...base,
    // It looks into /proc for what is left, and nothing here leaves anything.
    globalSetup: [],
    include: ['access', 'budget', 'http', 'lease', 'relay', 'rpc', 'session', 'telemetry', 'transport'].map(
      (room) => `packages/bridge/src/${room}/**/*.test.ts`,
    ),
  },
})
