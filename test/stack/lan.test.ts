// The stack as another machine has it: from a network namespace of its own, by the LAN name and the published port.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failures, place, sh, tried, verify } from './stack.ts'

const NETWORK = 'mcp-bridge-lan'
const url = `http://${place.name}:${place.port}`
/** A network of its own, which knows the stack by its name only. */
const env = { VERIFY_DOCKER_OPTIONS: `--network ${NETWORK} --add-host ${place.name}:${place.address}` }

beforeAll(() => sh(['docker', 'network', 'create', NETWORK]))
afterAll(() => sh(['docker', 'network', 'rm', NETWORK]))

test('verify --from-lan passes, and does not look at containers', async () => {
  const verdict = await verify(['--from-lan', url], env)
  expect(failures(verdict)).toEqual([])
  const asked = new Set(verdict.findings.map(({ check }) => check))
  expect([...asked].toSorted()).toEqual([
    'call',
    'closed',
    'database',
    'discovery',
    'failure',
    'litellm',
    'model',
  ])
  expect(verdict.findings[0]?.subject).toBe(url)
})

test('by a name that the LAN does not know it says so', async () => {
  const { code, stdout } = await tried(['./verify', '--from-lan', 'http://nobody.invalid:4000'], env)
  expect(code).toBe(1)
  expect(stdout).toMatch(/FAILED {2}litellm .*nobody\.invalid.* does not answer: .*(ENOTFOUND|EAI_AGAIN)/)
})
