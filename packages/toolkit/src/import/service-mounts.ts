// import/service-mounts: what the service of a tool gets to see of this machine: folders, volumes, files with secrets.
import type { Tool } from '../recipe/read.ts'
import type { ComposeFile } from '../render/compose.ts'
import { secretName, serviceName } from '../render/names.ts'
import { forCompose } from './asked.ts'
import type { Plan } from './plan.ts'

/** Folders of this machine, and volumes. */
export function mount(
  compose: ComposeFile,
  service: Record<string, unknown>,
  { recipe }: Tool,
  { mounts }: Plan,
): void {
  if (mounts.list.length === 0) return
  const binds = mounts.list.map(({ kind, source, target, isReadOnly }) => ({
    type: kind,
    source: kind === 'volume' ? `${serviceName(recipe)}-${source}` : source,
    target: forCompose(target),
    ...(isReadOnly ? { read_only: true } : {}),
    ...(kind === 'bind' ? { bind: { create_host_path: false } } : {}),
  }))
  // Folders that stand for a volume are mounted in its place.
  const volumes = recipe.volumes.filter(
    ({ path }) => !mounts.list.some(({ target }) => target === path || target.startsWith(`${path}/`)),
  )
  const before = (service['volumes'] as string[] | undefined) ?? []
  const kept = before.filter((each) => volumes.some(({ path }) => each.endsWith(`:${path}`)))
  service['volumes'] = [...kept, ...binds]
  const names = [
    ...kept.map((each) => each.split(':')[0] ?? ''),
    ...binds.filter(({ type }) => type === 'volume').map(({ source }) => source),
  ]
  if (names.length === 0) delete compose.volumes
  else compose.volumes = Object.fromEntries(names.map((each) => [each, {}]))
}

/** Files with secrets that are on this machine, and files of variables that are not yet. */
export function fileSecrets(
  compose: ComposeFile,
  service: Record<string, unknown>,
  { recipe }: Tool,
  plan: Plan,
): void {
  const secrets = compose.secrets ?? {}
  for (const [name, path] of plan.files) secrets[secretName(recipe, name)] = { file: forCompose(path) }
  const environment = service['environment'] as Record<string, string>
  for (const [i, path] of plan.envFiles.entries()) {
    const name = `${serviceName(recipe)}-env-file${i === 0 ? '' : `-${i + 1}`}`
    secrets[name] = { file: path.startsWith('/') ? forCompose(path) : path }
    environment['MCP_BRIDGE_ENV_FILE'] = [environment['MCP_BRIDGE_ENV_FILE'], `/run/secrets/${name}`]
      .filter((each) => each !== undefined)
      .join(',')
  }
  service['secrets'] = Object.keys(secrets)
}
