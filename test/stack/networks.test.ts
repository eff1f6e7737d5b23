// Who reaches whom: from inside each tool, every address there is; and what of the outside the one way out lets through.
import { expect, test } from 'vitest'
import { change, compose, gateway, place, sh } from './stack.ts'

interface Container {
  Name: string
  Config: { Labels: Record<string, string> }
  NetworkSettings: { Networks: Record<string, { IPAddress: string; Gateway: string; IPPrefixLen: number }> }
}

/** What listens, by service. */
const PORTS: Record<string, number> = { litellm: 4000, postgres: 5432, egress: 3128 }
const TOOL_PORT = 8000
/** Whom a tool may reach besides itself and LiteLLM. */
const MORE: Record<string, string[]> = { 'postgres-mcp': ['postgres'], fetch: ['egress'] }
const TOOLS = ['fetch', 'filesystem', 'memory', 'postgres-mcp', 'time']
const PAGE = 'page.test'

/** Prints which of the addresses in its argument take a connection. */
const PROBE = `
const { connect } = require('node:net')
const open = (target) => new Promise((resolve) => {
  const { host, port } = target
  const socket = connect({ host, port, timeout: 30_000 })
  const done = (isOpen) => { socket.destroy(); resolve(isOpen ? [target.name] : []) }
  socket.on('connect', () => done(true)).on('error', () => done(false)).on('timeout', () => done(false))
})
Promise.all(JSON.parse(process.argv[1]).map(open)).then((all) => console.log(JSON.stringify(all.flat())))
`

test.each(TOOLS)('%s reaches LiteLLM and what it needs; no other tool, not the host', async (tool) => {
  const targets = await everything()
  // By address and by name: one that is not told the name might guess the address.
  expect(targets.length).toBeGreaterThan(20)
  const open = new Set(await reached(tool, targets))
  expect([...open].toSorted()).toEqual([...new Set(['litellm', tool, ...(MORE[tool] ?? [])])].toSorted())
})

test('the host is there for those on the outer network: what the others do not reach is not merely absent', async () => {
  expect(
    await reached(
      'egress',
      (await everything()).filter(({ name }) => name === 'host'),
    ),
  ).toContain('host')
})

test('the way out refuses the host, the LAN and the other containers, by name and by address', async () => {
  const refused = [
    `${place.address}:${place.port}`,
    '127.0.0.1:8000',
    'localhost:8000',
    '169.254.169.254:80',
    '192.168.1.1:80',
    '[::1]:80',
    '[::ffff:127.0.0.1]:80',
    '2130706433:80',
  ]
  for (const target of refused) {
    expect([target, await throughEgress(target)]).toEqual([target, 403])
  }
})

test('a page outside is fetched through it, over LiteLLM', async () => {
  // Stands for the Internet: it is on the outer network only, and named as an exception.
  const page = `${await project()}-page`
  await sh([
    ...['docker', 'run', '--detach', '--rm', '--name', page, '--network', `${await project()}_outside`],
    ...['--network-alias', PAGE, '--entrypoint', 'node', await imageOf('egress'), '--eval'],
    "require('node:http').createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<html><body><article><p>a page from outside</p></article></body></html>')).listen(80)",
  ])
  const back = change('.env', 'LITELLM_TAG=', `EGRESS_ALLOW=${PAGE}\nLITELLM_TAG=`)
  try {
    const call = () => gateway().call('fetch-fetch', { url: `http://${PAGE}/` })
    expect(await call()).not.toContain('a page from outside')
    await compose('up', '-d', '--wait')
    expect(await call()).toContain('a page from outside')
  } finally {
    back()
    await sh(['docker', 'rm', '--force', page])
    await compose('up', '-d', '--wait')
  }
})

interface Target {
  name: string
  host: string
  port: number
}

/** Every container under its addresses and its name, and the host under every address it has on a network of ours. */
async function everything(): Promise<Target[]> {
  const ids = (await compose('ps', '--quiet')).trim().split('\n')
  const containers = JSON.parse(await sh(['docker', 'inspect', ...ids])) as Container[]
  const inside = containers.flatMap(({ Config, NetworkSettings }) => {
    const name = Config.Labels['com.docker.compose.service'] ?? ''
    const port = PORTS[name] ?? TOOL_PORT
    const addresses = Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress)
    return [name, ...addresses].map((host) => ({ name, host, port }))
  })
  // LiteLLM's published port is what of the host listens on one of these addresses.
  const gateways = containers.flatMap(({ NetworkSettings }) =>
    Object.values(NetworkSettings.Networks).flatMap(({ Gateway, IPAddress }) => [
      Gateway,
      // Where it would be, were it not withheld.
      IPAddress.replace(/\.\d+$/, '.1'),
    ]),
  )
  const hosts = [...new Set([place.address, ...gateways])].filter((host) => host !== '')
  return [...inside, ...hosts.map((host) => ({ name: 'host', host, port: place.port }))]
}

async function reached(service: string, targets: Target[]): Promise<string[]> {
  const out = await compose(
    'exec',
    '-T',
    service,
    '/opt/mcp-bridge/bin/node',
    '--eval',
    PROBE,
    JSON.stringify(targets),
  )
  return JSON.parse(out) as string[]
}

/** The status it answers a CONNECT with. */
async function throughEgress(target: string): Promise<number> {
  const script = `
    require('node:http').request({ host: 'egress', port: 3128, method: 'CONNECT', path: process.argv[1] })
      .on('connect', ({ statusCode }, socket) => { console.log(statusCode); socket.destroy() }).end()`
  return Number(await compose('exec', '-T', 'fetch', '/opt/mcp-bridge/bin/node', '--eval', script, target))
}

async function project(): Promise<string> {
  return (await compose('config')).match(/^name: (.+)$/m)?.[1] ?? ''
}

async function imageOf(service: string): Promise<string> {
  const id = (await compose('ps', '--quiet', service)).trim()
  return (await sh(['docker', 'inspect', '--format', '{{.Config.Image}}', id])).trim()
}
