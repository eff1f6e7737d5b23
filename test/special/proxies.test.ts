// nginx and Caddy as docs/PROXY.md sets them up: what a client listens to stays open through longer silence than they allow.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  cleanEnv,
  eventually,
  fixture,
  ModernClient,
  openStream,
  start,
  startBridge,
  tempDir,
  type EventStream,
  type Started,
} from '@mcp-bridge/testkit'
import { afterAll, expect, test } from 'vitest'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { freePort } from '../e2e/port.ts'

/** Longer than the 15 s between two comments of the bridge. */
const CUT_AFTER_S = 20
const SILENT_MS = 50_000
const page = readFileSync(new URL('../../docs/PROXY.md', import.meta.url), 'utf8')

// The last is run first.
nothingLeft(afterAll)
const proxies: Started[] = []
afterAll(async () => {
  for (const { process } of proxies) process.kill()
  await Promise.all(proxies.map(({ exited }) => exited))
})

/** The block of this language, in front of another port. */
function documented(language: string, port: number): string {
  const block = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)?.[1]
  if (block === undefined) throw new Error(`docs/PROXY.md has no ${language}`)
  return block.replaceAll('127.0.0.1:8000', `127.0.0.1:${port}`)
}

interface Upstreams {
  bridge: number
  /** Begins an answer and says no more. */
  mute: number
}

function nginxServer(port: number, upstream: number): string {
  return `server {
    listen 127.0.0.1:${port};
    proxy_read_timeout ${CUT_AFTER_S}s;
    ${documented('nginx', upstream)}
  }`
}

async function nginx({ bridge, mute }: Upstreams): Promise<Upstreams> {
  const folder = tempDir()
  const ports = { bridge: await freePort('127.0.0.1'), mute: await freePort('127.0.0.1') }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log stderr; events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
      ${nginxServer(ports.bridge, bridge)}
      ${nginxServer(ports.mute, mute)}
    }`,
  )
  await launch(['nginx', '-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], folder)
  return ports
}

function caddySite(port: number, upstream: number): string {
  const timeouts = `\ttransport http {\n\t\tread_timeout ${CUT_AFTER_S}s\n\t}\n}\n`
  return `http://127.0.0.1:${port} {\n${documented('caddyfile', upstream).replace(/\}\n$/, timeouts)}}\n`
}

async function caddy({ bridge, mute }: Upstreams): Promise<Upstreams> {
  const folder = tempDir()
  const ports = { bridge: await freePort('127.0.0.1'), mute: await freePort('127.0.0.1') }
  const text = `{\n\tadmin off\n\tauto_https off\n}\n${caddySite(ports.bridge, bridge)}${caddySite(ports.mute, mute)}`
  writeFileSync(join(folder, 'Caddyfile'), text)
  await launch(['caddy', 'run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], folder)
  return ports
}

/** What it keeps is kept in the folder. */
async function launch(command: readonly string[], folder: string): Promise<void> {
  const own = cleanEnv({ HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder })
  const env = { ...own, PATH: `${own['PATH']}:/usr/sbin` }
  proxies.push(await start(command, { env, stdio: 'ignore', detached: true }))
}

/** As soon as the proxy listens. */
async function reached(open: () => Promise<EventStream>): Promise<EventStream> {
  const what = 'an answer through the proxy'
  const stream = await eventually(() => open().catch(() => undefined), { what })
  expect(stream?.status).toBe(200)
  return stream
}

const methodsOf = (stream: EventStream): string[] =>
  stream.events.all.map(({ data }) => (JSON.parse(data) as { method: string }).method)

test.concurrent.each([
  ['nginx', nginx],
  ['Caddy', caddy],
] as const)('%s leaves a listen open that is silent for longer than it allows', async (_, proxy) => {
  const bridge = await startBridge(['--', ...fixture('echo')])
  const mute = createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n')
  })
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const ports = await proxy({ bridge: bridge.port, mute: (mute.address() as AddressInfo).port })

  const client = new ModernClient({ port: ports.bridge })
  const silent = await reached(() => openStream({ port: ports.mute }))
  const wishes = { notifications: { toolsListChanged: true } }
  const listen = await client.open('subscriptions/listen', wishes)
  let isSilentCut = false
  void silent.ended.then(() => (isSilentCut = true))
  await eventually(() => listen.events.all.length === 1, { what: 'the acknowledgement' })
  // The time itself is what is tried here.
  await sleep(SILENT_MS)
  // It does cut what is silent: only the comments have kept the other open.
  expect(isSilentCut).toBe(true)
  await client.call('listChanged')
  await eventually(() => listen.events.all.length === 2, { what: 'the notification' })
  expect(methodsOf(listen)).toEqual([
    'notifications/subscriptions/acknowledged',
    'notifications/tools/list_changed',
  ])
  listen.destroy()
  silent.destroy()
  mute.closeAllConnections()
  await new Promise((resolve) => mute.close(resolve))
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
})
