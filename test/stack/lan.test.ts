// The stack as another machine has it: from a network namespace of its own, by the LAN name and the published port.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failures, place, sh, verify } from './stack.ts'

/** One that was killed cannot take its network with it. */
const NETWORK = `mcp-bridge-lan-${process.pid}`
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

test('by a name that the LAN does not know it says so, and the remedy reaches it', async () => {
  const unknown = { VERIFY_DOCKER_OPTIONS: `--network ${NETWORK}` }
  const [said = ''] = failures(await verify(['--from-lan', url], unknown))
  expect(said).toMatch(/^litellm .*toolbox\.lan:\d+: cannot be reached: .*(ENOTFOUND|EAI_AGAIN)/)
  expect(said).toContain(`give the name ${place.name} the address ${place.address} in the DNS of the LAN`)
  const [, options = ''] = /VERIFY_DOCKER_OPTIONS='(.*)'$/.exec(said) ?? []
  const known = { VERIFY_DOCKER_OPTIONS: `--network ${NETWORK} ${options}` }
  expect(failures(await verify(['--from-lan', url], known))).toEqual([])
})

test('where nothing listens it says on which address and port the stack does', async () => {
  const elsewhere = `http://${place.name}:${place.port === 65_535 ? 1024 : place.port + 1}`
  const [said = ''] = failures(await verify(['--from-lan', elsewhere], env))
  expect(said).toMatch(/cannot be reached: connect ECONNREFUSED/)
  expect(said).toContain(
    `the stack listens on ${place.address}:${place.port} (LAN_BIND and LAN_PORT in .env)`,
  )
})
