import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'
import { isOurs } from './stack/engine.ts'
import { base } from './vitest.config.ts'

/** By name, but the one that takes the engine away comes last. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
  }
}

function key({ moduleId }: TestSpecification): string {
  return moduleId.endsWith('/engine.test.ts') ? '~' : moduleId
}

/** The LAN stack with a real Docker engine, which `test/containers/engine.sh start` brings; `.ci/run` does. */
export default defineConfig({
  test: {
    ...base,
    include: ['test/stack/**/*.test.ts'],
    exclude: [...base.exclude, ...(isOurs() ? [] : ['test/stack/engine.test.ts'])],
    globalSetup: [...base.globalSetup, new URL('stack/up.ts', import.meta.url).pathname],
    sequence: { sequencer: InOrder },
    // One stack, and each test may do to it what it likes, as long as it is well again.
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 3_600_000,
    teardownTimeout: 300_000,
  },
})
