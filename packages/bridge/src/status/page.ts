// status/page: the page of the status: a view as HTML, and the form that asks for a token.
import { createHash } from 'node:crypto'
import { clientKeyOf } from './connect.ts'
import { Html, markup } from './html.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'
import { toolSection, toolsTable } from './tool-section.ts'
import type { StatusView, ToolView } from './view.ts'

export interface PageOptions {
  /** Where the bridge is, as the browser sees it: `http://127.0.0.1:8000`. */
  address: string
  hasTokens: boolean
  /** The viewer has come by the form, and may take that back. */
  canLeave: boolean
}

/** A page from nowhere else, with nothing from elsewhere, in nobody's frame. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src '${hashOf(STYLE)}'`,
    `script-src '${hashOf(SCRIPT)}'`,
    "connect-src 'self'",
    'img-src data:',
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
  // With `no-referrer` the form would send `Origin: null`.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

/** Seconds between two looks of a browser without scripts. */
const REFRESH_S = 10

const SENTENCES: Record<ToolView['state'], string> = {
  ready: 'ready',
  idle: 'idle: started with the first request',
  starting: 'starting',
  failing: 'failing',
  draining: 'shutting down',
  off: 'not served',
}

export function statusPage(view: StatusView, options: PageOptions): string {
  const sentence = summaryOf(view)
  const sections = view.tools.flatMap((tool, i) => {
    const { details } = tool
    if (details === undefined) return []
    const name = clientKeyOf(tool.name || details.server?.name || 'tool')
    const { paths } = details
    const url = `${options.address}${paths?.mcp ?? ''}`
    const connect = paths === undefined ? undefined : { name, url, hasTokens: options.hasTokens }
    return [toolSection(tool, details, { id: `t${i}`, connect })]
  })
  const isList = view.tools.length !== 1 || sections.length === 0
  return document(
    `${view.status} – mcp-bridge`,
    markup`<noscript><meta http-equiv="refresh" content="${REFRESH_S}" /></noscript>`,
    markup`<a class="skip" href="#main">To the tools</a>
      <header>
        <h1>mcp-bridge</h1>
        <p id="news" class="state ${view.status}" role="status">${sentence}</p>
        ${view.principal !== undefined && markup`<p class="soft">Seen with the token of ${view.principal}: its own sessions and failures.</p>`}
        ${options.canLeave && markup`<form method="post"><button name="leave" value="1">Forget the token</button></form>`}
      </header>
      <main id="main">
        ${view.reason !== undefined && markup`<p class="why">${view.reason}</p>`}
        ${view.sees === 'states' && markup`<p>Whoever reaches this address sees no more: the bridge asks for no token. Give it tokens to see the rest.</p>`}
        ${isList && toolsTable(view.tools)} ${sections}
      </main>
      <footer>
        <p class="soft">
          ${view.version !== undefined && markup`mcp-bridge ${view.version}. `}The same as JSON:
          <code>${curlFor(options)}</code>
        </p>
      </footer>
      <script>${new Html(SCRIPT)}</script>`,
  )
}

/** @param problem why what was sent is not taken */
export function formPage(problem: string | undefined): string {
  return document(
    'mcp-bridge',
    undefined,
    markup`<header><h1>mcp-bridge</h1></header>
      <main>
        <form method="post">
          <p><label for="token">Token, as a client of this bridge sends it</label></p>
          <div class="row">
            <input
              id="token"
              name="token"
              type="password"
              autocomplete="off"
              required
              autofocus
              ${problem !== undefined && markup`aria-invalid="true" aria-describedby="problem"`}
            />
            <button>Show the status</button>
          </div>
          ${problem !== undefined && markup`<p id="problem" class="failing" role="alert">${problem}</p>`}
          <p class="soft">
            It is sent once. This browser then keeps a cookie for an hour, which is good for this page alone.
          </p>
        </form>
      </main>`,
  )
}

function document(title: string, head: Html | undefined, body: Html): string {
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        ${head}
        <style>${new Html(STYLE)}</style>
      </head>
      <body>
        ${body}
      </body>
    </html>`.text
}

function curlFor({ address, hasTokens }: PageOptions): string {
  return `curl ${hasTokens ? "-H 'Authorization: Bearer YOUR_TOKEN' " : ''}${address}/status`
}

function summaryOf({ status, tools }: StatusView): string {
  const [only] = tools
  if (tools.length === 1 && only !== undefined) return `The tool is ${SENTENCES[status]}`
  const counts = [...Map.groupBy(tools, ({ state }) => state)].map(([state, of]) => `${of.length} ${state}`)
  return counts.length === 0 ? 'No tools' : `Tools: ${counts.join(', ')}`
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
