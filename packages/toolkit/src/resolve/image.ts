// resolve/image: which program a published image starts.
import { inspectImage } from '../build/build.ts'
import { ToolkitError } from '../errors.ts'
import { exec } from '../exec.ts'
import type { Found } from './found.ts'

/** For a program without a folder: `env` looks it up in the PATH of the image. */
const ENV = '/usr/bin/env'

export async function resolveImage(name: string, entry?: string): Promise<Found> {
  if ((await inspectImage(name)) === undefined) await exec(['docker', 'pull', name], { shown: 'display' })
  const image = await inspectImage(name)
  if (image === undefined) throw new ToolkitError(`there is no image ${name}`)
  const [program, ...args] = entry === undefined ? [...image.entrypoint, ...image.command] : [entry]
  if (program === undefined)
    throw new ToolkitError(`${name} does not say what it starts`, { hint: 'name it with --entry /path' })
  const label = (key: string) => image.labels[`org.opencontainers.image.${key}`]
  return {
    version: /:([\w][\w.-]*)(@|$)/.exec(name)?.[1] ?? name.split('@sha256:')[1]?.slice(0, 12) ?? '',
    ...(program.startsWith('/') ? { entry: program, args } : { entry: ENV, args: [program, ...args] }),
    description: label('description'),
    license: label('licenses'),
    source: label('source'),
    serverName: image.labels['io.modelcontextprotocol.server.name'],
  }
}
