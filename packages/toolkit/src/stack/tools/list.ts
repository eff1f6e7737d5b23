// tools/list: the tools of the stack for a person: which, from where, in which state.
import { namedTools } from '../compose-config.ts'
import type { Container } from '../facts.ts'
import type { Folder } from '../folder.ts'

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
  const all = [HEAD, ...rows]
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What `./tools rollback` goes back to. */
function before(folder: Folder, service: string): string {
  if (!folder.has('added', '.previous', service)) return ''
  return versionOf(folder.read('added', '.previous', service, 'recipe.yaml')) ?? 'docker-compose.yml'
}

function versionOf(recipe: string): string | undefined {
  return /^version: *['"]?([^'"\s]+)/m.exec(recipe)?.[1]
}
