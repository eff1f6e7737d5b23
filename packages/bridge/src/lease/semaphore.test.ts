import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Semaphore } from './semaphore.ts'

function places(count: number): Semaphore {
  const semaphore: Semaphore = new Semaphore({ places: () => count, left: () => semaphore.look() })
  return semaphore
}

/** Work that the test finishes, and what has begun so far. */
function works(semaphore: Semaphore) {
  const begun: string[] = []
  const begin = (name: string, signal?: AbortSignal) => {
    const made = Promise.withResolvers<string>()
    const settled = Promise.withResolvers<void>()
    const ran = semaphore.run(
      () => {
        begun.push(name)
        return made.promise
      },
      () => settled.promise,
      signal,
    )
    ran.catch(() => {})
    return { ran, make: () => made.resolve(name), fail: made.reject, settle: settled.resolve }
  }
  return { begun, begin }
}

test('so many run at once, the rest in the order in which they came', async () => {
  const { begun, begin } = works(places(2))
  const [a, b] = [begin('a'), begin('b'), begin('c'), begin('d')] as const
  await turn()
  expect(begun).toEqual(['a', 'b'])
  b.make()
  b.settle()
  await turn()
  expect(begun).toEqual(['a', 'b', 'c'])
  a.make()
  a.settle()
  await turn()
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
})

test('what was made keeps its place until it has settled', async () => {
  const { begun, begin } = works(places(1))
  const [a] = [begin('a'), begin('b')] as const
  a.make()
  expect(await a.ran).toBe('a')
  await turn()
  expect(begun).toEqual(['a'])
  a.settle()
  await turn()
  expect(begun).toEqual(['a', 'b'])
})

test('work that fails gives its place back', async () => {
  const { begun, begin } = works(places(1))
  const [a] = [begin('a'), begin('b')] as const
  a.fail(new Error('no such program'))
  await expect(a.ran).rejects.toThrow('no such program')
  await turn()
  expect(begun).toEqual(['a', 'b'])
})

test('who gives up while waiting leaves the queue, with the reason; whoever stands behind is next', async () => {
  const { begun, begin } = works(places(1))
  const patience = new AbortController()
  const a = begin('a')
  const impatient = begin('impatient', patience.signal)
  begin('b')
  patience.abort(new Error('hung up'))
  await expect(impatient.ran).rejects.toThrow('hung up')
  a.make()
  a.settle()
  await turn()
  expect(begun).toEqual(['a', 'b'])
})

test('who has given up before it came takes no place', async () => {
  const { begun, begin } = works(places(1))
  await expect(begin('late', AbortSignal.abort(new Error('gone'))).ran).rejects.toThrow('gone')
  begin('a')
  await turn()
  expect(begun).toEqual(['a'])
})

test('giving up once the work has begun changes nothing', async () => {
  const { begun, begin } = works(places(1))
  const patience = new AbortController()
  const a = begin('a')
  const b = begin('b', patience.signal)
  a.make()
  a.settle()
  await turn()
  patience.abort()
  b.make()
  expect(await b.ran).toBe('b')
  b.settle()
  begin('c')
  await turn()
  expect(begun).toEqual(['a', 'b', 'c'])
})
