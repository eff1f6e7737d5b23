// titles: of all tests that would be run, whichever suite they are of.
import { createVitest } from 'vitest/node'

/** Of each test, what stands before its first ` > ` and behind it; what is skipped or yet to be written is not among them. */
export async function titlesOfTests(): Promise<string[]> {
  const vitest = await createVitest('test', {
    config: false,
    watch: false,
    root: new URL('..', import.meta.url).pathname,
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    reporters: [],
  })
  try {
    const modules = await vitest.parseSpecifications(await vitest.globTestSpecifications())
    return modules.flatMap((module) =>
      Array.from(module.children.allTests())
        .filter((test) => test.result().state !== 'skipped')
        .flatMap((test) => test.fullName.split(' > ')),
    )
  } finally {
    await vitest.close()
  }
}
