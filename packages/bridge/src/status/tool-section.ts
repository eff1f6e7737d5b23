// status/tool-section: one tool on the page: why it is down comes first, then its processes, its sessions, its last failures.
import { basename } from 'node:path'
import { duration, latencyChart } from './chart.ts'
import { claudeCommand, clientConfig, cursorLink, vsCodeLink, type Connectable } from './connect.ts'
import { lines, markup, type Html } from './html.ts'
import type { FailureView, ProcessView, SessionView, ToolDetails, ToolView } from './view.ts'

interface Place {
  /** Begins the ids in it. */
  id: string
  /** Nothing for what is not served. */
  connect: Connectable | undefined
}

const MODES: Record<NonNullable<ToolDetails['children']>, string> = {
  session: 'a process for each session',
  shared: 'one process for all',
  pool: 'a process for each request',
}

/** Where there are several, or no more may be seen of one. */
export function toolsTable(tools: readonly ToolView[]): Html {
  return table(
    'tools',
    'Tools',
    ['Tool', 'State', 'Why'],
    tools.map(({ name, state, details }, i) => [
      details === undefined ? label(name) : markup`<a href="#t${i}">${label(name)}</a>`,
      markup`<span class="state ${state}">${state}</span>`,
      details?.reason ?? '',
    ]),
  )
}

export function toolSection(tool: ToolView, details: ToolDetails, place: Place): Html {
  const { id } = place
  const { sessions, processes, failures } = details
  return markup`<section id="${id}" aria-labelledby="${id}-name">
    <div id="${id}-now" data-part>
      <div class="head">
        <h2 id="${id}-name">${nameOf(tool, details)}</h2>
        <span class="state ${tool.state}">${tool.state}</span>
      </div>
      ${why(details, tool.state)} ${facts(details)}
    </div>
    <div id="${id}-changes" data-part>${details.toolChanges !== undefined && changesOf(details.toolChanges, id)}
      ${details.oddTexts !== undefined && oddTexts(details.oddTexts)}</div>
    <div id="${id}-failures" data-part>${failures.length > 0 && failuresOf(failures, id)}</div>
    <div id="${id}-processes" data-part>${processes.length > 0 && processTable(processes, id)}</div>
    <div id="${id}-sessions" data-part>
      ${sessions.length > 0 && sessionTable(sessions, details.sessionCount, id)}
    </div>
    <div id="${id}-latency" data-part>${latencyPart(details)}</div>
    <div id="${id}-connect" data-part>${place.connect !== undefined && connectPart(id, place.connect)}</div>
  </section>`
}

function why({ reason, hint, stderr }: ToolDetails, state: ToolView['state']): Html | undefined {
  if (reason === undefined) return undefined
  return markup`<div class="${state === 'failing' ? 'why' : 'soft'}">
    <p>${reason}</p>
    ${hint !== undefined && markup`<p><strong>What to do:</strong> ${hint}</p>`}
    ${stderr !== undefined && markup`<pre aria-label="The end of its stderr">${lines(stderr)}</pre>`}
  </div>`
}

function facts({ server, children, era, command, ...details }: ToolDetails): Html {
  const parts = [
    server !== undefined &&
      `${server.name} ${server.version}, ${counted(server.tools, 'tool')}, started in ${duration(server.startMs)}`,
    server !== undefined &&
      `speaks ${server.revision}${era === 'modern' ? ' and the revision 2026-07-28' : ''}`,
    children !== undefined && `${children}: ${MODES[children]}`,
    counted(details.sessionCount, 'session'),
    `${counted(details.callsInFlight, 'call')} in flight`,
    details.memoryBytes > 0 && `${mebibytes(details.memoryBytes)} in all`,
    command !== undefined && `command ${basename(command)}`,
  ]
  return markup`<p class="soft">${parts.filter((part) => part !== false).join(' · ')}</p>`
}

function changesOf(changes: NonNullable<ToolDetails['toolChanges']>, id: string): Html {
  return markup`<h3>Not as accepted</h3>
    ${changes.map(
      ({ tool, change, lines: difference, odd }, i) =>
        markup`<details id="${id}-change-${i}">
          <summary id="${id}-change-${i}-summary">${tool}: ${change}</summary>
          <pre aria-label="What was and what is">${lines([...difference, ...odd.map((what) => `! ${what}`)])}</pre>
        </details>`,
    )}`
}

function oddTexts(texts: readonly string[]): Html {
  return markup`<h3>Odd texts of its tools</h3>
    <ul>
      ${texts.map((text) => markup`<li>${text}</li>`)}
    </ul>`
}

function failuresOf(failures: readonly FailureView[], id: string): Html {
  return markup`<h3>Last failures</h3>
    ${failures.map(
      (failure, i) =>
        markup`<details id="${id}-failure-${failures.length - i}" ${i === 0 && 'open'}>
          <summary id="${id}-failure-${failures.length - i}-summary">
            ${time(failure.at)}: ${failure.message}
            <span class="soft">(${failure.code}${failure.principal !== '' && `, ${failure.principal}`})</span>
          </summary>
          ${failure.hint !== undefined && markup`<p>${failure.hint}</p>`}
          ${failure.stderr.length > 0 ? markup`<pre aria-label="The end of its stderr">${lines(failure.stderr)}</pre>` : markup`<p class="soft">It had said nothing on stderr.</p>`}
        </details>`,
    )}`
}

function processTable(processes: readonly ProcessView[], id: string): Html {
  return table(
    `${id}-processes-table`,
    'Processes',
    ['Pid', 'State', 'Memory', 'Started', 'Session'],
    processes.map((each) => [
      each.pid,
      markup`<span class="${each.state}">${each.state}</span>
        ${each.stderr !== undefined && markup`<pre aria-label="Its stderr so far">${lines(each.stderr)}</pre>`}`,
      each.memoryBytes === undefined
        ? '–'
        : `${mebibytes(each.memoryBytes)}${each.treeSize > 1 ? ` in ${each.treeSize} processes` : ''}`,
      time(each.startedAt),
      each.session ?? '–',
    ]),
  )
}

function sessionTable(sessions: readonly SessionView[], count: number, id: string): Html {
  const caption = count > sessions.length ? `Sessions: the last ${sessions.length} of ${count}` : 'Sessions'
  return table(
    `${id}-sessions-table`,
    caption,
    ['Session', 'Client', 'Principal', 'Wire', 'Opened', 'Last heard', 'Calls', 'Pid'],
    sessions.map((each) => [
      markup`<code>${each.id}</code>`,
      each.client === undefined ? '–' : `${each.client.name} ${each.client.version}`,
      each.principal,
      `${each.wire}${each.revision === undefined ? '' : `, ${each.revision}`}`,
      time(each.openedAt),
      time(each.lastRequestAt),
      each.callsInFlight,
      each.pid ?? '–',
    ]),
  )
}

function latencyPart({ latency }: ToolDetails): Html {
  return markup`<h3>Calls of the last hour</h3>
    ${latencyChart(latency) ?? markup`<p class="soft">None.</p>`}`
}

function connectPart(id: string, connect: Connectable): Html {
  const copied = (name: string, text: string) =>
    markup`<div class="row">
      <pre id="${id}-${name}">${lines(text.split('\n'))}</pre>
      <button
        type="button"
        class="copy"
        id="${id}-${name}-copy"
        data-copy="${id}-${name}"
        aria-label="Copy ${name}"
      >
        Copy
      </button>
    </div>`
  return markup`<details id="${id}-clients">
    <summary id="${id}-clients-summary">Connect a client</summary>
    <p>
      <a id="${id}-cursor" href="${cursorLink(connect)}">Add to Cursor</a> ·
      <a id="${id}-vscode" href="${vsCodeLink(connect)}">Add to VS Code</a>
      ${connect.hasTokens && '(put your token in the place of YOUR_TOKEN)'}
    </p>
    <p>Claude Code:</p>
    ${copied('claude', claudeCommand(connect))}
    <p>Others, in their file of servers:</p>
    ${copied('config', clientConfig(connect))}
  </details>`
}

/** On a narrow screen each cell has its heading before it. */
function table(
  id: string,
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly (Html | string | number)[])[],
): Html {
  return markup`<div class="wide">
    <table id="${id}">
      <caption>${caption}</caption>
      <thead>
        <tr>
          ${heads.map((head) => markup`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            markup`<tr>
              ${cells.map((cell, i) =>
                i === 0
                  ? markup`<th scope="row" data-label="${heads[i]}">${cell}</th>`
                  : markup`<td data-label="${heads[i]}">${cell}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

function time(at: string): Html {
  return markup`<time datetime="${at}">${at.slice(0, 19).replace('T', ' ')} UTC</time>`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MiB`
}

/** A path says less than it takes of the line. */
function nameOf({ name }: ToolView, { server, command = '' }: ToolDetails): string {
  return name || server?.name || basename(command) || 'The tool'
}

function label(name: string): string {
  return name === '' ? 'the tool' : name
}
