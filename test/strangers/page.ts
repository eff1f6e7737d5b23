// strangers/page: docs/STRANGERS.md, of the last result of each package.
import { STRANGERS, type Stranger } from './list.ts'
import type { Result } from './stranger.ts'

export function page(results: ReadonlyMap<string, Result>): string {
  const rows = STRANGERS.flatMap((stranger) => {
    const result = results.get(stranger.source)
    return result === undefined ? [] : [{ stranger, result }]
  })
  const later = STRANGERS.filter((each) => each.later).length
  const able = rows.filter(({ stranger }) => stranger.needs === undefined)
  const working = able.filter(({ result }) => result.cause === undefined).length
  return [
    '# Packages that nobody prepared',
    '',
    `${STRANGERS.length} MCP servers of npm, PyPI and Go that are not in the catalogue, popular and odd ones. ${rows.length - able.length} need something from outside`,
    `before they have any tools; of the other ${able.length}, **${working} answer**. Each is built with \`mcp-bridge image build\`, started with a read-only root,`,
    'no capabilities, no new privileges and **no way out**, with what `image build` told to give (variables with any value), asked for its',
    'tools over HTTP+SSE and Streamable HTTP, and stopped, with exit code 0.',
    '',
    `${STRANGERS.length - later} were chosen before any was tried. The last ${later} of the table were added when those had been tried, because the ${rows.length - able.length} that need`,
    'something from outside show nothing of how the rest works, and too few were left: by what they say of themselves these work with no',
    `service. They were chosen, and the list was published, before any of the ${later} was tried; none of them was exchanged since.`,
    '',
    '`pnpm strangers` repeats it and writes this page; `pnpm strangers exa` only those whose name has that. Times are those of a machine',
    'with two cores that did other work too, with packages cached from earlier tries; ready is from the start of the container to its first health check that succeeds, or to its',
    'end. Three of the Go modules that were chosen first cannot be had on that machine; three others stand for them.',
    '',
    '| package | version | build | image | ready | tools | given | what went wrong |',
    '| --- | --- | ---: | ---: | ---: | ---: | --- | --- |',
    ...rows.map(({ stranger, result }) => line(stranger, result)),
    '',
  ].join('\n')
}

function line({ source, options = [], variables = {}, args = [], needs }: Stranger, result: Result): string {
  const given = [
    ...(options.length === 0 ? [] : [options.join(' ')]),
    ...Object.keys(variables),
    ...(args.length === 0 ? [] : [`-- ${args.join(' ')}`]),
  ]
  const cells = [
    `\`${source}\``,
    result.version,
    result.version === '' ? '' : `${(result.buildMs / 1000).toFixed(0)} s`,
    result.version === '' ? '' : `${Math.round(result.sizeBytes / 1e6)} MB`,
    result.readyMs === undefined ? '' : `${(result.readyMs / 1000).toFixed(1)} s`,
    result.tools === undefined ? '' : String(result.tools),
    given.map((each) => `\`${each}\``).join(', '),
    [needs === undefined ? '' : `It needs ${needs}:`, result.cause ?? '']
      .filter(Boolean)
      .join(' ')
      .replaceAll('|', '\\|')
      .replaceAll('<', '&lt;'),
  ]
  return `| ${cells.join(' | ')} |`
}
