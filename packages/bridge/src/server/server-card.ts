// server/server-card: what a client may know of a tool before it connects: its name, and where and how it is reached.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '../config/config.ts'
import { ownUrlOf } from '../http/own-url.ts'
import { sendTagged } from '../http/tagged.ts'
import { listOf, recordOf, type Members } from '../rpc/content.ts'
import { LEGACY_REVISIONS, SUPPORTED_REVISIONS } from '../rpc/revisions.ts'
import { clientKeyOf } from '../status/connect.ts'

/** Beside the path of Streamable HTTP. */
export const CARD_PATH = '/server-card'

export interface CardOptions {
  /** Of one of several; empty where the tool stands alone. */
  name: string
  config: Pick<Config, 'command' | 'mcpPath' | 'ssePath' | 'headerEnv'>
  /** Clients need one. */
  hasTokens: boolean
  /** What the tool says of itself, or nothing where that takes a client. Throws BridgeError `child_…`. */
  serverInfo(): Promise<Members | undefined>
}

/**
 * The card of one tool, `application/mcp-server-card+json`: for whoever may use the tool, and with no word of what it offers.
 *
 * @see https://modelcontextprotocol.io/seps/2127-mcp-server-cards (final), schema v1 of experimental-ext-server-card
 */
export class ServerCard {
  readonly #options: CardOptions

  constructor(options: CardOptions) {
    this.#options = options
  }

  /** @throws BridgeError `child_starting`, `child_…` */
  async get(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const info = (await this.#options.serverInfo()) ?? {}
    if (res.destroyed) return
    const card = cardOf(this.#options, info, ownUrlOf(req))
    sendTagged(req, res, 200, `${JSON.stringify(card)}\n`, {
      'content-type': 'application/mcp-server-card+json',
      'cache-control': `${this.#options.hasTokens ? 'private' : 'public'}, max-age=${FRESH_SECONDS}`,
      vary: 'Host, Origin, Authorization, X-API-Key, X-Forwarded-Proto',
      'x-content-type-options': 'nosniff',
    })
  }
}

/** A tool may be another after a reload. */
const FRESH_SECONDS = 60

// Lengths of the schema, in characters.
const MAX_NAME = 200
const MAX_TEXT = 100
const MAX_VERSION = 255
/** A card is to be small, whatever pictures a tool carries. */
const MAX_ICONS = 8
const MAX_ICON_URL = 8192

function cardOf({ name, config, hasTokens }: CardOptions, info: Members, base: string): Members {
  const { command, mcpPath, ssePath, headerEnv } = config
  const title = shortened(info['title'], MAX_TEXT)
  const called = shortened(info['name'], MAX_TEXT) ?? (name || (command[0] ?? 'tool'))
  const websiteUrl = webUrl(info['websiteUrl'])
  const icons = listOf(info['icons']).map(recordOf).flatMap(iconOf).slice(0, MAX_ICONS)
  const headers = headersOf(hasTokens, headerEnv)
  const remote = (type: string, path: string, supportedProtocolVersions: readonly string[]) => ({
    type,
    url: `${base}${path}`,
    ...(headers.length > 0 && { headers }),
    supportedProtocolVersions,
  })
  return {
    $schema: 'https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json',
    name: uniqueName(name, called, base),
    version: shortened(info['version'], MAX_VERSION) ?? '0.0.0',
    description: shortened(info['description'], MAX_TEXT) ?? title ?? called,
    ...(title !== undefined && { title }),
    ...(websiteUrl !== undefined && { websiteUrl }),
    ...(icons.length > 0 && { icons }),
    remotes: [
      remote('streamable-http', mcpPath, SUPPORTED_REVISIONS),
      remote('sse', ssePath, LEGACY_REVISIONS.toReversed()),
    ],
  }
}

/** `com.example.host/tool`, by where it is served, unless it has given itself such a name. One of several has its own. */
function uniqueName(name: string, called: string, base: string): string {
  if (name === '' && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+\/[\w.-]+$/i.test(called)) return called
  const hostname = URL.canParse(base) ? new URL(base).hostname : 'local'
  const isName = /[a-z]/i.test(hostname) && !hostname.startsWith('[')
  const domain = isName ? hostname.split('.').toReversed().join('.') : hostname
  const namespace = domain.replaceAll(/[^\w.-]|_/g, '-')
  return `${namespace}/${clientKeyOf(name || called)}`.slice(0, MAX_NAME)
}

/** Values are the client's to ask for. Never one that is set here. */
function headersOf(hasTokens: boolean, headerEnv: Config['headerEnv']): Members[] {
  const token = {
    name: 'Authorization',
    description: 'A token of this bridge',
    isRequired: true,
    isSecret: true,
    value: 'Bearer {token}',
    variables: {
      token: { description: 'Given out by who runs the bridge', isRequired: true, isSecret: true },
    },
  }
  const own = headerEnv.map(({ header }) => ({
    name: header,
    description: 'Handed to the tool in its environment',
    isSecret: true,
  }))
  return [...(hasTokens ? [token] : []), ...own]
}

/** Counted as JSON Schema counts; nothing for what is no text. */
function shortened(value: unknown, most: number): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const characters = [...value]
  return characters.length <= most ? value : `${characters.slice(0, most - 1).join('')}…`
}

function webUrl(value: unknown): string | undefined {
  return typeof value === 'string' && /^https?:/i.test(value) && URL.canParse(value) ? value : undefined
}

function iconOf({ src, mimeType, sizes, theme }: Members): Members[] {
  const isUrl = typeof src === 'string' && /^(?:https?|data):/i.test(src) && URL.canParse(src)
  if (!isUrl || src.length > MAX_ICON_URL) return []
  const known = listOf(sizes).filter((each) => typeof each === 'string')
  return [
    {
      src,
      ...(typeof mimeType === 'string' && { mimeType }),
      ...(known.length > 0 && { sizes: known }),
      ...((theme === 'light' || theme === 'dark') && { theme }),
    },
  ]
}
