// Every tool of the catalogue: built from its lock, started with next to no rights, asked, filled, stopped.
import { fileURLToPath } from 'node:url'
import { cleanTemp, eventually } from '@mcp-bridge/testkit'
import {
  buildImage,
  catalogue,
  catalogueTool,
  ensureBase,
  inspectImage,
  program,
  render,
} from '@mcp-bridge/toolkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assets } from './assets.ts'
import { PATIENT, textOf, withClient } from './client.ts'
import { attempt, ca, docker, processesIn, stateOf } from './docker.ts'
import { projectOf, startService, type Service } from './service.ts'
import { isRecorded, isTableWanted, recordRow, recordUsual, writeTable } from './table.ts'
import { measureUsual } from './usual.ts'

const AT_ONCE = 4
/** Docker's own patience: who is not gone by then is killed, with 137. */
const STOP_SECONDS = 10

afterAll(async () => {
  if (!isTableWanted) return
  const names = catalogue(assets.catalogue)
  for (const name of names.filter(isRecorded)) {
    const usual = await measureUsual(catalogueTool(assets.catalogue, name).recipe)
    if (usual !== undefined) recordUsual(usual)
  }
  cleanTemp()
  writeTable(fileURLToPath(new URL('../../docs/images.generated.md', import.meta.url)), names)
})

describe.for(catalogue(assets.catalogue))('%s', (name) => {
  const tool = catalogueTool(assets.catalogue, name)
  const { recipe } = tool
  // One with a browser takes seconds for each session.
  const sessions = recipe.systemPackages.includes('chromium') ? 12 : 50
  const rendered = render(tool, { bridgeVersion: assets.version })
  let service: Service

  beforeAll(async () => {
    const options = { ca, progress: 'quiet' } as const
    await ensureBase(assets, options)
    await buildImage({ ...options, ...rendered })
    service = await startService(tool, rendered)
  })

  afterAll(async () => {
    await service?.remove()
    cleanTemp()
  })

  test(`${name}: runs without a package manager, as nobody, and may do next to nothing`, async () => {
    const processes = await processesIn(service.container)
    expect(await docker('exec', service.container, 'cat', '/proc/1/cmdline')).toContain('tini')
    expect(processes.filter(({ command }) => /\b(npm|npx|uvx?|pipx?)\b/.test(command))).toEqual([])
    const file = program(recipe).at(-1) ?? ''
    // The one that was tried has ended, and the next may just be on its way.
    await eventually(
      async () => (await processesIn(service.container)).some(({ command }) => command.includes(file)),
      { what: `a process of ${file}`, withinMs: 60_000 },
    )
    const status = await docker('exec', service.container, 'cat', '/proc/1/status')
    expect(status).toMatch(/^Uid:\s+54321\s+54321/m)
    expect(status).toMatch(/^CapEff:\s+0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m)
    const { ReadonlyRootfs } = JSON.parse(
      await docker('inspect', '--format', '{{json .HostConfig}}', service.container),
    )
    expect(ReadonlyRootfs).toBe(true)
    expect((await attempt('exec', service.container, 'touch', '/app/new')).code).not.toBe(0)
  })

  test(`${name}: has a way out only if its recipe says so`, async () => {
    const networks = JSON.parse(
      await docker('inspect', '--format', '{{json .NetworkSettings.Networks}}', service.container),
    )
    const names = Object.keys(networks).map((each) => each.split('_').at(-1))
    expect(new Set(names)).toEqual(new Set(recipe.network === 'open' ? ['egress', 'tools'] : ['tools']))
    const internal = await docker(
      ...['network', 'inspect', '--format', '{{.Internal}}', `${projectOf(name)}_tools`],
    )
    expect(internal).toBe('true')
  })

  test.for(['/mcp', '/sse'] as const)(`${name}: offers its tools on %s`, async (path) => {
    const offered = await withClient(service.base, path, service.token, (client) =>
      client.listTools(undefined, PATIENT),
    )
    const names = offered.tools.map((each) => each.name)
    expect(names).toEqual(expect.arrayContaining(recipe.tools))
    expect(recipe.tools.length).toBeGreaterThan(0)
    // Else it says `degraded`: its tools are not as they are in tools.lock.json.
    const ready = await fetch(`${service.base}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }])
  })

  test(`${name}: ${recipe.call?.refusal === undefined ? 'answers its call' : 'refuses its call in its own words'}`, async () => {
    const { call } = recipe
    if (call === undefined) throw new Error('its recipe has no call')
    if (call.prepare !== undefined) await docker('exec', service.container, ...call.prepare)
    const text = await withClient(service.base, '/sse', service.token, (client) =>
      textOf(client.callTool({ name: call.tool, arguments: call.arguments }, undefined, PATIENT)),
    )
    expect(text).toContain(call.expect ?? call.refusal)
  })

  test(`${name}: leaves no zombie of ${sessions} sessions`, async () => {
    for (let done = 0; done < sessions; done += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, sessions - done) }, (_, index) =>
        withClient(service.base, index % 2 === 0 ? '/mcp' : '/sse', service.token, (client) =>
          client.listTools(undefined, PATIENT),
        ),
      )
      for (const { tools } of await Promise.all(batch)) expect(tools.length).toBeGreaterThan(0)
    }
    // One that has just ended may not be collected yet; one that is never collected stays.
    await eventually(
      async () => {
        const processes = await processesIn(service.container)
        expect(processes.filter(({ state }) => state.startsWith('Z'))).toEqual([])
        return true
      },
      { what: 'no zombie', withinMs: 60_000 },
    )
    expect((await stateOf(service.container)).OOMKilled).toBe(false)
  })

  test(`${name}: brings nothing of itself while it runs`, async () => {
    // Docker itself makes the places that secrets and volumes are mounted at.
    const mounts = ['/run', ...recipe.volumes.map((each) => each.path)]
    const changed = (await docker('diff', service.container)).split('\n').map((line) => line.slice(2))
    expect(changed.filter((file) => file !== '' && !mounts.some((mount) => file.startsWith(mount)))).toEqual(
      [],
    )
    // A file that goes while it looks makes find complain.
    const { stdout } = await attempt('exec', service.container, 'find', '/tmp')
    expect(stdout).toMatch(/^\/tmp$/m)
    const code = stdout
      .split('\n')
      .filter((file) => /\.([cm]?js|py|so|whl|t?gz|node)$|node_modules/.test(file))
    expect(code).toEqual([])
  })

  test(`${name}: stops in order`, async () => {
    const asked = Date.now()
    await docker('stop', '--time', String(STOP_SECONDS), service.container)
    const { ExitCode, OOMKilled, FinishedAt } = await stateOf(service.container)
    // Who is not gone in time is killed: 137.
    expect({ ExitCode, OOMKilled }).toEqual({ ExitCode: 0, OOMKilled: false })
    const stopMs = Date.parse(FinishedAt) - asked
    expect(stopMs).toBeLessThan(STOP_SECONDS * 1000)
    const sizeBytes = (await inspectImage(rendered.tag))?.sizeBytes ?? 0
    recordRow({ recipe, sizeBytes, healthyMs: service.healthyMs, stopMs })
  })
})
