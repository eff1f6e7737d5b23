// containers/registry: Debian's docker-registry, unpacked and on a port of this machine alone.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, start, tempDir } from '@mcp-bridge/testkit'
import { run } from '../e2e/command.ts'
import { freePort } from '../e2e/port.ts'

export interface Registry {
  /** `127.0.0.1:PORT`, in front of the name of an image. */
  host: string
  /** Ended, it answers nobody; started again, it has what it had. */
  stop(): Promise<void>
}

/** Its package asks for a service and a port of all networks: it is not installed. */
export async function startRegistry(): Promise<Registry> {
  const folder = tempDir()
  const get = 'apt-get download -qq docker-registry'
  await run(
    ['sh', '-c', `${get} || { apt-get update -qq && ${get}; } && dpkg-deb -x docker-registry_*.deb .`],
    {
      cwd: folder,
      withinMs: 300_000,
    },
  )
  const host = `127.0.0.1:${await freePort('127.0.0.1')}`
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: host },
  }
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config))
  const { pid, exited } = await start(
    [join(folder, 'usr/bin/docker-registry'), 'serve', join(folder, 'config.yml')],
    { stdio: 'ignore' },
  )
  await eventually(async () => (await fetch(`http://${host}/v2/`)).ok, {
    what: 'the registry to answer',
    withinMs: 60_000,
  })
  return {
    host,
    stop: async () => {
      process.kill(pid, 'SIGTERM')
      await exited
    },
  }
}
