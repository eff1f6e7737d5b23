// Who reaches whom: from inside each tool, every address there is; and what of the outside the one way out lets through.
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanTemp, tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { change, commandOf, compose, failures, gateway, place, read, sh, tried, verify } from './stack.ts'

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

/** The page, with a certificate of its own authority. */
const SITE = `
const { readFileSync: read } = require('node:fs')
const page = (_, answer) =>
  answer.setHeader('content-type', 'text/html').end('<html><body><article><p>a page from outside</p></article></body></html>')
require('node:http').createServer(page).listen(80)
require('node:https').createServer({ key: read('/keys/key.pem'), cert: read('/keys/ca.pem') }, page).listen(443)
`
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

describe('an Internet of one page: on the outer network only', () => {
  const folder = tempDir()
  const override = join(place.folder, 'docker-compose.override.yml')
  const [plain, secure] = [`http://${PAGE}/`, `https://${PAGE}/`]
  let page = ''

  beforeAll(async () => {
    page = `${await project()}-page`
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'ca.pem')]
    const names = ['-subj', `/CN=${PAGE}`, '-addext', `subjectAltName=DNS:${PAGE}`]
    await sh([
      ...['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names],
      ...['-keyout', key, '-out', certificate],
    ])
    for (const file of [key, certificate]) chmodSync(file, 0o644)
    chmodSync(folder, 0o755)
  })

  afterAll(async () => {
    await tried(['docker', 'rm', '--force', page])
    cleanTemp()
    rmSync(override, { force: true })
    await compose('up', '-d', '--wait')
  })

  test('before it is there: verify says that the name is not known', async () => {
    expect(await outside(plain)).toEqual([
      expect.stringMatching(
        /^outside fetch: cannot get out to .*: no DNS server knows the name: .* → mend the DNS/,
      ),
    ])
  })

  test('it has a private address: egress refuses it, until the remedy is followed', async () => {
    await sh([
      ...['docker', 'run', '--detach', '--name', page, '--network', `${await project()}_outside`],
      ...['--network-alias', PAGE, '--volume', `${folder}:/keys:ro`, '--entrypoint', 'node'],
      ...[await imageOf('egress'), '--eval', SITE],
    ])
    expect(await fetched(plain)).not.toContain('a page from outside')
    const [said = ''] = await outside(plain)
    expect(said).toContain(`egress refuses it: ${PAGE} is a private address → `)
    const [setting = ''] = /EGRESS_ALLOW=\S+/.exec(said) ?? []
    const back = change('.env', 'STACK_UID=', `${setting}\nSTACK_UID=`)
    try {
      await sh(['sh', '-c', commandOf(said)])
      expect(await fetched(plain)).toContain('a page from outside')
      expect(await outside(plain)).toEqual([])
      expect(await outside(`http://${PAGE}:81/`)).toEqual([
        expect.stringMatching(/^outside fetch: .*: nothing answers there: .*ECONNREFUSED/),
      ])

      const [untrusted = ''] = await outside(secure)
      expect(untrusted).toMatch(
        /^outside fetch: .* the certificate is of an authority .*: self.signed certificate/,
      )
      expect(await fetched(secure)).toContain('due to a connection issue')
      const authority = join(folder, 'ca.pem')
      const [, yaml = ''] = /TLS inspection[^]*?```yaml\n([^]*?)```/.exec(read('README.md')) ?? []
      writeFileSync(override, yaml.replace('/etc/ssl/certs/ca-certificates.crt', authority))
      await sh(['sh', '-c', commandOf(untrusted)])
      expect(await outside(secure)).toEqual([])
      expect(await fetched(secure)).toContain('a page from outside')

      await compose('stop', 'egress')
      const silent = await outside(plain)
      expect(silent[0]).toMatch(/^containers egress: is stopped/)
      expect(silent).toContain('outside fetch: because of containers egress')
    } finally {
      back()
    }
  })
})

/** What verify says of the way out to this address. */
async function outside(url: string): Promise<string[]> {
  return failures(await verify(['--only', 'fetch'], { VERIFY_OUTSIDE: url }))
}

function fetched(url: string): Promise<string> {
  return gateway().call('fetch-fetch', { url })
}

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
