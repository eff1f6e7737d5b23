// The compose files, read as Docker Compose reads them: every service is hardened, bounded and watched, or says why not.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { change, place, sh, tried } from './stack.ts'

interface Service {
  image: string
  restart?: string
  read_only?: boolean
  cap_drop?: string[]
  cap_add?: string[]
  security_opt?: string[]
  mem_limit?: string
  cpus?: number
  pids_limit?: number
  privileged?: boolean
  network_mode?: string
  pid?: string
  labels?: Record<string, string>
  logging?: { driver: string; options: Record<string, string> }
  healthcheck?: { test?: string[]; disable?: boolean }
  ports?: { host_ip?: string; target: number; published: string }[]
  networks?: Record<string, unknown>
  volumes?: { source?: string; target: string; read_only?: boolean }[]
}

interface Config {
  services: Record<string, Service>
  networks: Record<string, { internal?: boolean; driver_opts?: Record<string, string> }>
}

const FILES = { plain: 'docker-compose.yml', proxy: 'docker-compose.yml:proxy/compose.yaml' }
const TOOLS = ['fetch', 'filesystem', 'memory', 'time']
const CORE = ['litellm', 'postgres']

/** What a combination of profiles starts, by file and profiles. */
const COMBINATIONS: [files: keyof typeof FILES, profiles: string, services: string[]][] = [
  ['plain', '', CORE],
  ['plain', 'db', [...CORE, 'postgres-mcp']],
  ['plain', 'published', [...CORE, 'postgres-mcp-published']],
  ['plain', 'tools', [...CORE, 'egress', ...TOOLS]],
  ['plain', 'db,tools', [...CORE, 'egress', 'postgres-mcp', ...TOOLS]],
  ['plain', 'toolbox', [...CORE, 'toolbox']],
  ['plain', 'db,prometheus', [...CORE, 'postgres-mcp', 'prometheus']],
  ['plain', 'db,observe', [...CORE, 'grafana', 'postgres-mcp', 'prometheus']],
  ['proxy', 'db', ['caddy', ...CORE, 'postgres-mcp']],
  ['proxy', 'db,tools', ['caddy', ...CORE, 'egress', 'postgres-mcp', ...TOOLS]],
]

/** The only networks with a way out, and who is on them. */
const OPEN = { edge: ['caddy', 'grafana', 'litellm', 'toolbox'], outside: ['egress'] }

test.each(COMBINATIONS)('%s files, profiles "%s"', async (files, profiles, services) => {
  const config = await configOf(files, profiles)
  expect(Object.keys(config.services).toSorted()).toEqual(services.toSorted())
  const published = Object.entries(config.services).flatMap(([name, { ports = [] }]) =>
    ports.map(({ host_ip, target }) => ({ name, host_ip, target })),
  )
  expect(published).toEqual([
    ...(profiles.includes('observe') ? [{ name: 'grafana', host_ip: '127.0.0.1', target: 3000 }] : []),
    files === 'proxy'
      ? { name: 'caddy', host_ip: place.address, target: 8443 }
      : { name: 'litellm', host_ip: place.address, target: 4000 },
  ])
})

describe('every service', async () => {
  const { services, networks } = await configOf('proxy', '*')

  test.each(Object.keys(services))('%s', (name) => {
    const service = services[name] as Service
    expect(service.image).toMatch(/:[^:/]*\d[^:/]*$/)
    expect(service.image).not.toContain('latest')
    expect(service.cap_drop).toEqual(['ALL'])
    // Its program has this capability in its file, and does not start without it.
    expect(service.cap_add).toEqual(name === 'caddy' ? ['NET_BIND_SERVICE'] : undefined)
    expect(service.security_opt).toEqual(['no-new-privileges:true'])
    expect([service.privileged, service.network_mode, service.pid]).toEqual([undefined, undefined, undefined])
    if (service.read_only !== true) expect(service.labels?.['mcp-bridge.writable-root']).toMatch(/\w+ \w+/)
    expect(Number(service.mem_limit)).toBeGreaterThan(0)
    expect(service.cpus).toBeGreaterThan(0)
    expect(service.pids_limit).toBeGreaterThan(0)
    expect(service.logging).toEqual({
      driver: 'json-file',
      options: { 'max-size': expect.any(String), 'max-file': expect.any(String) },
    })
    const sources = (service.volumes ?? []).map(({ source = '' }) => source)
    expect(sources.filter((source) => source.includes('docker.sock'))).toEqual([])
    // It is started for one answer, and ends.
    if (name === 'toolbox') {
      expect([service.restart, service.healthcheck?.disable]).toEqual(['no', true])
      return
    }
    expect(service.restart).toBe('unless-stopped')
    expect(service.healthcheck?.test?.slice(0, 2)).toEqual(['CMD', '/usr/local/lib/guard'])
    const binds = (service.volumes ?? []).filter(({ source = '' }) => source.startsWith('/'))
    expect(binds.filter(({ read_only }) => read_only !== true)).toEqual([])
  })

  test.each(Object.keys(networks))('network %s', (name) => {
    const members = Object.keys(services).filter((each) => name in (services[each]?.networks ?? {}))
    const open = OPEN[name as keyof typeof OPEN] as string[] | undefined
    if (open !== undefined) return expect(members.toSorted()).toEqual(open)
    expect(networks[name]).toMatchObject({
      internal: true,
      driver_opts: { 'com.docker.network.bridge.inhibit_ipv4': 'true' },
    })
    const tools = members.filter((each) => services[each]?.labels?.['mcp-bridge.tool'] !== undefined)
    // Two forms of the same tool, of which one runs.
    expect(tools.filter((each) => each !== 'postgres-mcp-published').length).toBeLessThanOrEqual(1)
    const others = members.filter((each) => !tools.includes(each)).toSorted()
    expect(others).toEqual(
      {
        'litellm-database': ['litellm', 'postgres'],
        'app-database': ['postgres'],
        'way-out': ['egress'],
        observe: ['grafana', 'prometheus', 'toolbox'],
      }[name] ?? ['caddy', 'litellm', 'prometheus'],
    )
  })
})

test.each([
  'POSTGRES_PASSWORD',
  'LITELLM_DB_PASSWORD',
  'APP_DB_PASSWORD',
  'MCP_DB_PASSWORD',
  'LITELLM_MASTER_KEY',
  'LITELLM_SALT_KEY',
  'DB_TOKEN',
  'TIME_TOKEN',
  'GRAFANA_PASSWORD',
])('without %s Compose says what to do', async (name) => {
  // A variable of the shell wins over .env.
  const { code, stderr } = await tried(['docker', 'compose', 'config', '--quiet'], { [name]: '' })
  expect(code).not.toBe(0)
  expect(stderr).toContain(`required variable ${name} is missing a value: is missing in .env - run ./setup`)
})

test('the images of tools are those that ./build makes', async () => {
  const tags = readFileSync(join(place.folder, 'images/images.yaml'), 'utf8')
  const { services } = await configOf('plain', '*')
  for (const tool of [...TOOLS, 'postgres-mcp', 'toolbox'])
    expect(tags).toContain(`image: ${services[tool]?.image}\n`)
})

test('a digest in base-images.yaml is what Compose runs and what images are built on', async () => {
  const digest = `sha256:${'0f'.repeat(32)}`
  const backs = ['postgres:16', 'stable}', 'caddy:2.10.2', 'node:24-trixie-slim'].map((tag) =>
    change('base-images.yaml', tag, tag.endsWith('}') ? `stable@${digest}}` : `${tag}@${digest}`),
  )
  try {
    const { services } = await configOf('proxy', '*')
    expect([services['postgres'], services['litellm'], services['caddy']]).toMatchObject([
      { image: `postgres:16@${digest}` },
      { image: `ghcr.io/berriai/litellm:v1.77.3-stable@${digest}` },
      { image: `caddy:2.10.2@${digest}` },
    ])
    expect(await sh(['sh', '-c', '. lib/say.sh; . lib/bases.sh; base_arguments'])).toBe(
      `--build-arg DEBIAN_IMAGE=debian:trixie-slim --build-arg NODE_IMAGE=node:24-trixie-slim@${digest} ` +
        '--build-arg PYTHON_IMAGE=python:3.13-slim-trixie --build-arg GO_IMAGE=golang:1.26-trixie ',
    )
  } finally {
    for (const back of backs.toReversed()) back()
  }
})

async function configOf(files: keyof typeof FILES, profiles: string): Promise<Config> {
  const env = { COMPOSE_FILE: FILES[files], COMPOSE_PROFILES: profiles }
  const { stdout, stderr, code } = await tried(['docker', 'compose', 'config', '--format', 'json'], env)
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Config
}
