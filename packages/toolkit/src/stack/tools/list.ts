// tools/list: the tools of the stack for a person: which, from where, in which state.
import { isScalar, parseDocument } from 'yaml'
import { columns } from '../../columns.ts'
import { namedTools } from '../compose-config.ts'
import type { Container } from '../facts.ts'
import type { Folder } from '../folder.ts'
import { stepsBack } from './history.ts'

const HEAD = ['SERVICE', 'ALIAS', 'VERSION', 'STATE', 'FROM', 'BEFORE']

export function toolList(folder: Folder, compose: string, containers: readonly Container[]): string {
  const rows = namedTools(compose).map(({ service, alias, recipe }) => {
    const container = containers.find((each) => each.service === service)
    const own = versionOf(folder.read('added', service, 'recipe.yaml'))
    return [
      service,
      alias,
      own ?? versionOf(folder.read('images', recipe, 'recipe.yaml')) ?? '-',
      container === undefined ? 'missing' : container.health || container.state,
      own === undefined ? 'docker-compose.yml' : `added/${service}`,
      before(folder, service),
    ]
  })
  return columns([HEAD, ...rows]).join('\n')
}

/** What `./tools rollback` goes back to, the next step first. */
function before(folder: Folder, service: string): string {
  const versions = stepsBack(folder, service).map((step) => versionOf(folder.read(...step, 'recipe.yaml')))
  return versions.map((version) => version ?? 'docker-compose.yml').join(', ')
}

/** As it is written, also in a recipe with mistakes; an unquoted `1.10` is not shown as the number 1.1. */
export function versionOf(recipe: string): string | undefined {
  const version = parseDocument(recipe, { logLevel: 'silent' }).get('version', true)
  return isScalar(version) ? (version.source ?? String(version.value)) : undefined
}
