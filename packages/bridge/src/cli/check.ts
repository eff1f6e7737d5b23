// cli/check: what `mcp-bridge check` prints.
import type { Inspection } from '../index.ts'

const NAME_WIDTH = 34
const TEXT_WIDTH = 80

export function checkTable(report: Inspection): string {
  const { oddities } = report
  return [
    `${report.name} ${report.version}, protocol ${report.protocolVersion}`,
    `start ${report.startMs} ms, memory ${Math.round(report.memoryBytes / 2 ** 20)} MiB in ${report.processes} process${report.processes === 1 ? '' : 'es'}`,
    `capabilities: ${report.capabilities.join(', ') || 'none'}`,
    ...list('tools', report.tools),
    ...list('resources', report.resources),
    ...list('prompts', report.prompts),
    '',
    `recommended: ${report.recommended.options} (${report.recommended.why})`,
    '',
    ...(oddities.length === 0 ? ['nothing odd'] : ['odd:', ...oddities.map((each) => `  - ${each}`)]),
    '',
  ].join('\n')
}

function list(title: string, rows: readonly { name: string; description: string }[]): string[] {
  if (rows.length === 0) return []
  return [
    '',
    `${title} (${rows.length})`,
    ...rows.map(({ name, description }) =>
      `  ${name.padEnd(NAME_WIDTH)} ${firstLine(description)}`.trimEnd(),
    ),
  ]
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line.length > TEXT_WIDTH ? `${line.slice(0, TEXT_WIDTH - 1)}…` : line
}
