// errors.doc: writes docs/ERRORS.md from the table; run by `pnpm run generate`.
import { writeFileSync } from 'node:fs'
import { ERRORS, type ErrorCode } from './errors.ts'

const GROUPS = {
  operator: ['What the operator mends', 'The bridge does not start; the exit code says which.'],
  client: ['What the client mends', 'The request was refused; the child has not seen it.'],
  child: ['What the tool did', 'The request may have reached the child.'],
  us: ['What the bridge did', ''],
} as const

function table(who: keyof typeof GROUPS): string {
  const rows = Object.entries(ERRORS).filter(([, row]) => row.who === who)
  return rows.map(([code, row]) => line(code as ErrorCode, row)).join('\n')
}

function line(
  code: ErrorCode,
  row: {
    http: number
    rpc: number
    exit?: number
    retryAfterSeconds?: number
    meaning: string
    remedy: string
  },
): string {
  const retry = row.retryAfterSeconds === undefined ? '' : ` after ${row.retryAfterSeconds} s`
  return `| \`${code}\` | ${row.http}${retry} | ${row.rpc} | ${row.exit ?? ''} | ${row.meaning} ${row.remedy} |`
}

const sections = (Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((who) => {
  const [title, text] = GROUPS[who]
  return `## ${title}\n\n${text === '' ? '' : `${text}\n\n`}| code | HTTP | JSON-RPC | exit | meaning and remedy |\n| --- | --- | --- | --- | --- |\n${table(who)}\n`
})

writeFileSync(
  new URL('../../../docs/ERRORS.md', import.meta.url),
  `# Errors

Generated from \`packages/bridge/src/errors.ts\` by \`pnpm run generate\`; the build fails if it is not up to date.

Every refusal has a JSON-RPC body, never HTML:

\`\`\`json
{ "jsonrpc": "2.0", "id": 7, "error": { "code": -32603, "message": "the tool exited with code 3", "data": { "code": "child_exited", "exitCode": 3, "signal": null, "stderr": ["…"] } } }
\`\`\`

\`error.data.code\` is the code below and does not change; texts may. \`error.data.hint\` says what to do, where the bridge knows.
A number of seconds beside the HTTP status is sent as \`Retry-After\`.

A child that fails while it answers a request other than \`initialize\` is no failure of HTTP: the status is then 200, and
the error is in the body or on the stream. On HTTP+SSE a POST to a live session is always answered with 202, and the error comes
on the stream.

${sections.join('\n')}`,
)
