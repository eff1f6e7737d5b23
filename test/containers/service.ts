// containers/service: one tool as its rendered Compose file starts it, under a uid of nobody and without a way out.
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually, tempDir } from '@mcp-bridge/testkit'
import { secretName, serviceName, writeFiles, type Rendered, type Tool } from '@mcp-bridge/toolkit'
import { addressOf, attempt, docker, stateOf } from './docker.ts'

/** In no list of users; its group owns what is written. */
export const USER = '54321:0'

export interface Service {
  container: string
  base: string
  token: string
  /** Ms from the start of the container to the end of the first health check that succeeded. */
  healthyMs: number
  remove(): Promise<void>
}

/** Of this run. */
export function projectOf(tool: string): string {
  return `mcp-bridge-test-${tool}-${process.pid}`
}

export async function startService({ recipe }: Tool, { files }: Rendered): Promise<Service> {
  const folder = tempDir()
  const service = serviceName(recipe)
  const project = projectOf(recipe.name)
  const token = randomBytes(16).toString('hex')
  writeFiles(folder, files)
  writeSecrets(folder, recipe, token)
  // What a tool needs outside is not there for anybody: its refusal is the same on every machine.
  const override = {
    // Another run on this engine must not meet this one.
    services: { [service]: { user: USER, container_name: project }, ...standIn(recipe) },
    networks: { egress: { internal: true } },
  }
  writeFileSync(join(folder, 'test.yaml'), JSON.stringify(override))
  const compose = ['compose', '--project-name', project, '--project-directory', folder]
  const whole = [...compose, '--file', join(folder, 'compose.yaml'), '--file', join(folder, 'test.yaml')]
  writeFileSync(join(folder, '.env'), environmentOf(recipe))
  const remove = async (): Promise<void> => {
    await docker(...whole, 'down', '--volumes', '--timeout', '5')
  }
  await remove()
  try {
    const others = Object.keys(standIn(recipe))
    if (others.length > 0) await docker(...whole, 'up', '--detach', '--no-build', '--wait', ...others)
    await docker(...whole, 'up', '--detach', '--no-build')
    const container = await docker(...whole, 'ps', '--all', '--quiet', service)
    const healthyMs = await untilHealthy(container)
    const address = await addressOf(container, `${project}_tools`)
    return { container, base: `http://${address}:8000`, token, healthyMs, remove }
  } catch (error) {
    const { stdout, stderr } = await attempt(...whole, 'logs', '--no-color', '--tail', '40')
    await remove()
    throw new Error(`${recipe.name} did not start:\n${stdout}${stderr}`, { cause: error })
  }
}

/** What a tool talks to, where the engine can have it. */
function standIn({ name }: Tool['recipe']): Record<string, object> {
  if (name !== 'postgres-mcp') return {}
  const probe = ['CMD', 'pg_isready', '--host', '127.0.0.1', '--username', 'reader', '--dbname', 'app']
  return {
    postgres: {
      image: 'postgres:16',
      environment: { POSTGRES_USER: 'reader', POSTGRES_PASSWORD: 'secret', POSTGRES_DB: 'app' },
      networks: ['tools'],
      healthcheck: { test: probe, interval: '1s', timeout: '10s', retries: 300 },
    },
  }
}

export async function untilHealthy(container: string): Promise<number> {
  const found = await eventually(
    async () => {
      // Asking takes a process each time: the container needs the processor more.
      await delay(250)
      const { Status, StartedAt, Health } = await stateOf(container)
      if (Status !== 'running') return { dead: Status }
      const first = Health?.Log.find(({ ExitCode }) => ExitCode === 0)
      return first === undefined ? undefined : { ms: Date.parse(first.End) - Date.parse(StartedAt) }
    },
    { what: 'the container to be healthy', withinMs: 300_000 },
  )
  if (found.ms === undefined) throw new Error(`the container is ${found.dead}`)
  return found.ms
}

function writeSecrets(folder: string, recipe: Tool['recipe'], token: string): void {
  const service = serviceName(recipe)
  const secrets = join(folder, 'secrets')
  mkdirSync(secrets, { recursive: true })
  writeFileSync(join(secrets, `${service}.tokens`), `test:${token}\n`)
  const lines = recipe.secrets.filter(({ file }) => !file)
  if (lines.length > 0) {
    const given = lines.filter(({ example }) => example !== undefined)
    const text = given.map(({ name, example }) => `${name}=${example}\n`).join('')
    writeFileSync(join(secrets, `${service}.env`), text)
  }
  for (const { name, example = '' } of recipe.secrets.filter(({ file }) => file))
    writeFileSync(join(secrets, secretName(recipe, name)), example)
}

function environmentOf({ environment }: Tool['recipe']): string {
  return environment
    .filter(({ example }) => example !== undefined)
    .map(({ name, example }) => `${name}=${example}\n`)
    .join('')
}
