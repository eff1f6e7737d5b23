// strangers/page: docs/STRANGERS.md, of the last result of each package.
import { STRANGERS, type Stranger } from './list.ts'
import type { Result } from './stranger.ts'

export function page(results: ReadonlyMap<string, Result>): string {
  const rows = STRANGERS.flatMap((stranger) => {
    const result = results.get(stranger.source)
    return result === undefined ? [] : [{ stranger, result }]
  })
  const working = rows.filter(({ result }) => result.cause === undefined).length
  return [
    '# Packages that nobody prepared',
    '',
    `Thirty MCP servers of npm, PyPI and Go that are not in the catalogue, popular and odd ones, chosen before any was tried: ${working} of ${rows.length}`,
    'answer. Each is built with `mcp-bridge image build`, started with a read-only root, no capabilities, no new privileges and **no way out**,',
    'with what `image build` told to give (variables with any value), asked for its tools over HTTP+SSE and Streamable HTTP, and stopped, with',
    'exit code 0. `pnpm strangers` repeats it and writes this page; `pnpm strangers exa` only those whose name has that. Times are those of a',
    'machine with two cores that did other work too; ready is from the start of the container to its first health check that succeeds, or to its',
    'end.',
    '',
    '| package | version | build | image | ready | tools | given | what went wrong |',
    '| --- | --- | ---: | ---: | ---: | ---: | --- | --- |',
    ...rows.map(({ stranger, result }) => line(stranger, result)),
    '',
  ].join('\n')
}

function line({ source, variables = {}, args = [] }: Stranger, result: Result): string {
  const given = [...Object.keys(variables), ...(args.length === 0 ? [] : [`-- ${args.join(' ')}`])]
  const cells = [
    `\`${source}\``,
    result.version,
    result.version === '' ? '' : `${(result.buildMs / 1000).toFixed(0)} s`,
    result.version === '' ? '' : `${Math.round(result.sizeBytes / 1e6)} MB`,
    result.readyMs === undefined ? '' : `${(result.readyMs / 1000).toFixed(1)} s`,
    result.tools === undefined ? '' : String(result.tools),
    given.map((each) => `\`${each}\``).join(', '),
    (result.cause ?? '').replaceAll('|', '\\|').replaceAll('<', '&lt;'),
  ]
  return `| ${cells.join(' | ')} |`
}
