// stack/up: brings the stack up once for all files here, in a copy of the checkout and by the commands of its README.
import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stopAll, tempDir } from '@mcp-bridge/testkit'
import type { TestProject } from 'vitest/node'
import { run } from '../e2e/command.ts'
import { freePort } from '../e2e/port.ts'
import { engineEnv } from './engine.ts'

/** Where the stack is, for the tests. */
export interface Place {
  /** The copy's `compose/`. */
  folder: string
  env: Record<string, string>
  /** The address and the name by which the LAN knows it. */
  address: string
  name: string
  port: number
}

declare module 'vitest' {
  interface ProvidedContext {
    place: Place
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Another name than a stack has that somebody uses on this machine. */
const PROJECT = 'mcp-bridge-stack'
const NAME = 'toolbox.lan'
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'
const BUILD_MS = 3_000_000
const START_MS = 900_000

/** A vitest global set-up; what it returns takes the stack away. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['MCP_BRIDGE_TEST_STACK']
  if (given !== undefined) {
    project.provide('place', await runningIn(given))
    return async () => {}
  }
  const env = {
    ...(await engineEnv()),
    COMPOSE_PROJECT_NAME: PROJECT,
    ...(existsSync(CERTIFICATES) ? { BUILD_CA: CERTIFICATES } : {}),
  }
  const down = () =>
    run(['docker', 'compose', '-p', PROJECT, 'down', '-v', '--remove-orphans'], { env, withinMs: START_MS })
  // Of a run that was killed.
  await down()
  const checkout = copyOfCheckout()
  const folder = join(checkout, 'compose')
  const address = await gateway(env)
  const port = await freePort(address)
  const inFolder = { cwd: folder, env, withinMs: BUILD_MS }
  const takeAway = async () => {
    await down()
    await stopAll()
    rmSync(checkout, { recursive: true, force: true })
  }
  try {
    await run(['./local-images/build'], inFolder)
    await run(['./setup', '--bind', address, '--port', String(port), '--name', NAME], inFolder)
    // A container of CI has no way out; networks.test.ts makes an Internet of its own.
    appendFileSync(join(folder, '.env'), 'VERIFY_OUTSIDE=none\n')
    await run(['./build'], inFolder)
    await run(['docker', 'compose', 'up', '-d', '--wait'], { ...inFolder, withinMs: START_MS })
  } catch (error) {
    await takeAway()
    throw error
  }
  project.provide('place', { folder, env, address, name: NAME, port })
  return takeAway
}

/** One that somebody has started already, and goes on using. */
async function runningIn(folder: string): Promise<Place> {
  const setting = (name: string) =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(join(folder, '.env'), 'utf8'))?.[1] ?? ''
  const { COMPOSE_PROJECT_NAME: project } = process.env
  return {
    folder,
    env: {
      ...(await engineEnv()),
      ...(project === undefined ? {} : { COMPOSE_PROJECT_NAME: project }),
      BUILD_CA: CERTIFICATES,
    },
    address: setting('LAN_BIND'),
    name: setting('LAN_NAME'),
    port: Number(setting('LAN_PORT')),
  }
}

/** What a clone would have, and what is not committed yet. */
function copyOfCheckout(): string {
  const copy = tempDir()
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  for (const path of list.split('\0').filter((each) => each !== '' && existsSync(join(ROOT, each))))
    cpSync(join(ROOT, path), join(copy, path), { recursive: true })
  return copy
}

/** An address of this machine that only containers reach. */
async function gateway(env: Record<string, string>): Promise<string> {
  const format = '{{(index .IPAM.Config 0).Gateway}}'
  return (await run(['docker', 'network', 'inspect', 'bridge', '--format', format], { env })).trim()
}
