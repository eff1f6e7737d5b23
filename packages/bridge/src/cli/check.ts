// cli/check: what `mcp-bridge check` prints.
import { excerpt, visible } from '../visible.ts'
import type { Inspection } from '../index.ts'

const NAME_WIDTH = 34
const TEXT_WIDTH = 80

/** Made for looking at a strange tool: nothing that it says of itself reaches the terminal as anything but text. */
export function checkTable(report: Inspection): string {
  const warnings = report.warnings.map(visible)
  return [
    `${excerpt(report.name)} ${excerpt(report.version)}, protocol ${excerpt(report.protocolVersion)}`,
    `start ${report.startMs} ms, memory ${Math.round(report.memoryBytes / 2 ** 20)} MiB in ${report.processes} process${report.processes === 1 ? '' : 'es'}`,
    `capabilities: ${report.capabilities.map((each) => excerpt(each)).join(', ') || 'none'}`,
    ...list('tools', report.tools),
    ...list('resources', report.resources),
    ...list('prompts', report.prompts),
    '',
    `recommended: ${report.recommended.options} (${report.recommended.why})`,
    '',
    ...(warnings.length === 0 ? ['nothing odd'] : ['odd:', ...warnings.map((each) => `  - ${each}`)]),
    '',
  ].join('\n')
}

function list(title: string, rows: readonly { name: string; description: string }[]): string[] {
  if (rows.length === 0) return []
  return [
    '',
    `${title} (${rows.length})`,
    ...rows.map(({ name, description }) =>
      `  ${excerpt(name).padEnd(NAME_WIDTH)} ${firstLine(description)}`.trimEnd(),
    ),
  ]
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split(/\r?\n/, 1)
  return excerpt(line, TEXT_WIDTH)
}
