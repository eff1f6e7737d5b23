// cli/check-report: what `mcp-bridge check` found, for people and as JSON.
import type { BridgeError } from '../errors.ts'
import { MODERN_REVISION } from '../rpc/revisions.ts'
import type { Inspection } from '../tool/inspect.ts'
import { excerpt, visible, visibleJson } from '../visible.ts'

const NAME_WIDTH = 34
const TEXT_WIDTH = 80

/** JSON text that is safe to show. */
export function shownJson(value: unknown): string {
  return `${visibleJson(JSON.stringify(value, undefined, 2))}\n`
}

/** `cause` is a row of child/diagnosis. */
export function failureOf({ code, message, hint, data }: BridgeError): object {
  const { cause, stderr } = data ?? {}
  return { error: { code, message, hint, cause, stderr } }
}

/** Made for looking at a strange tool: nothing that it says of itself reaches the terminal as anything but text. */
export function checkTable(report: Inspection): string {
  const warnings = report.warnings.map(visible)
  return [
    `${excerpt(report.name)} ${excerpt(report.version)}, protocol ${excerpt(report.protocolVersion)}`,
    eras(report),
    `${costs(report)} in ${report.processes} process${report.processes === 1 ? '' : 'es'}`,
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

export function costs({ startMs, memoryBytes }: Inspection): string {
  return `start ${startMs} ms, memory ${Math.round(memoryBytes / 2 ** 20)} MiB`
}

/** Whom it understands itself, and for whom the bridge translates. */
function eras({ protocolVersion, revisions }: Inspection): string {
  if (revisions.length > 1) return `speaks ${revisions.join(' and ')}: each client is served in its own`
  return protocolVersion === MODERN_REVISION
    ? 'older clients, which begin with initialize, are translated'
    : `clients of ${MODERN_REVISION} are translated`
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
