// child/diagnosis: why a tool does not serve as it was started, from what it says and does: one row for each cause.
import { excerpt, withoutColours } from '../visible.ts'

export type Cause =
  | 'browser'
  | 'library'
  | 'native'
  | 'dependency'
  | 'folder'
  | 'program'
  | 'argument'
  | 'variable'
  | 'login'
  | 'http'
  | 'usage'
  | 'network'

export interface Symptoms {
  /** What it said beside the protocol. */
  lines: readonly string[]
  /** TCP ports on which it listens. */
  ports: readonly number[]
  /** It runs in an image of `mcp-bridge image`, where remedies are others. */
  isImage: boolean
}

export interface Diagnosis {
  cause: Cause
  /** What it is, and what to do: names, paths and ports, never a whole line of the tool. */
  hint: string
  /** Nothing else will come of it, however long it is waited for. */
  isCertain: boolean
}

interface Row {
  cause: Cause
  /** In one of its lines. */
  find: RegExp | ((symptoms: Symptoms) => string[] | undefined)
  /** Texts get what was found: the groups of the expression that took part. */
  says: (found: readonly string[]) => string
  remedy: (found: readonly string[], symptoms: Symptoms) => string
  isCertain?: (symptoms: Symptoms) => boolean
}

/** The first that fits counts: the narrow ones stand first. */
const ROWS: readonly Row[] = [
  {
    cause: 'browser',
    find: /Executable doesn't exist at|playwright install|(?:Could not|Cannot) find (?:Google )?Chrom|chrome.{0,40} (?:is )?not (?:found|installed)|Failed to launch the browser|no browser (?:is )?(?:found|installed)/i,
    says: () => 'it drives a browser, and none is here',
    remedy: (_, { isImage }) =>
      isImage
        ? 'mcp-bridge image build … --system-package chromium, or one that has a browser: mcp-bridge image build playwright'
        : 'install Chrome or Chromium',
  },
  {
    cause: 'library',
    find: /(lib[\w.+-]+\.so[\w.]*): cannot open shared object file|valid (ICU) package/i,
    says: ([library = '?']) => `it needs the library ${library}, which is not here`,
    remedy: ([library = ''], { isImage }) => {
      const where = isImage
        ? 'mcp-bridge image build … --system-package PACKAGE, the Debian package that has it'
        : `install it`
      return library === 'ICU'
        ? `${isImage ? 'docker run -e' : '--env'} DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 does without it`
        : where
    },
  },
  {
    cause: 'native',
    find: /Could not locate the bindings file|Cannot find module '[^']*\.node'|No native build was found|compiled against a different Node/i,
    says: () => 'a part of it that is built when it is installed is missing',
    remedy: (_, { isImage }) =>
      isImage
        ? 'let its packages run their scripts: mcp-bridge image build … --allow-scripts'
        : 'install it with scripts',
  },
  {
    cause: 'dependency',
    find: /cannot import name '\w+' from 'mcp\b|'(?:Server|FastMCP)' object has no attribute|No module named 'mcp\.|module 'mcp[\w.]*' has no attribute/i,
    says: () => 'it was written for another version of the Python package mcp',
    remedy: (_, { isImage }) =>
      isImage
        ? "lock an older one: mcp-bridge image build … --with 'mcp<2'"
        : "start it with uvx --with 'mcp<2' …",
  },
  {
    cause: 'folder',
    find: /(?:EROFS|EACCES)\b[^\n]*?['"](\/[^'"]+)|(?:Read-only file system|Permission denied):? *['"]?(\/[^'"\s]+)|(?:mkdir|open|create) (\/\S+?):? (?:read-only file system|permission denied)/i,
    says: ([path = '?']) => `it may not write to ${path}`,
    remedy: ([path = ''], { isImage }) =>
      isImage
        ? `keep it in a volume (--volume ${parentOf(path)}), or tell the tool to write below /tmp or a volume: by a variable or an argument of its own`
        : 'see to the rights of that folder, or start the tool with --cwd where it may write',
  },
  {
    cause: 'program',
    find: /spawn ([\w./-]+) ENOENT|No such file or directory: '([\w-]+)'|executable file not found in \$PATH: ?"?([\w-]+)|exec: "([\w-]+)": executable|(?:^|: )([\w-]+): (?:command )?not found$/i,
    says: ([program = '?']) => `it starts the program ${program}, which is not here`,
    remedy: ([program = ''], { isImage }) =>
      isImage
        ? `mcp-bridge image build … --system-package PACKAGE, the Debian package that has it, such as ${program}`
        : `install ${program}`,
  },
  {
    cause: 'argument',
    find: /arguments? (?:is|are) required: (.+)|missing (?:a )?(?:required )?(?:positional )?(?:arguments?|options?|parameters?):? '?([^'\n]*)|required option '([^']+)' not specified|required flag\(s\) (.+) not set|required arguments were not provided:? ?(.*)|Not enough non-option arguments|Required command was not provided|must (?:specify|provide|pass) (?:at least one|a|an) ([\w-]+)|at least one ([\w-]+) must be|Usage:? [^\n]*?(<[\w.-]+>)/i,
    says: ([what = '']) => `it wants an argument${what === '' ? '' : `: ${excerpt(what.trim(), 60)}`}`,
    remedy: (_, symptoms) => {
      const argument = stdioArgument(symptoms)
      return argument === undefined
        ? given('give it that', 'VALUE', symptoms)
        : given(`"${argument}" makes it speak stdio`, argument, symptoms)
    },
  },
  {
    cause: 'variable',
    find: ({ lines }) => variablesIn(lines),
    says: (names) => `it asks for ${names.join(', ')}`,
    remedy: (names, { isImage }) => {
      const options = names.map((name) => (isImage ? `-e ${name}=…` : `--env ${name}=…`)).join(' ')
      return isImage ? `docker run ${options}` : `set it before the "--": ${options}`
    },
  },
  {
    cause: 'login',
    find: /(?:open|visit|go to|navigate to|browse to|click|authori[sz]e|log ?in|sign ?in)\b.{0,120}https?:\/\/(?!localhost|127\.|0\.0\.0\.0|\[)|device.?code|enter (?:the|this) code|not (?:logged|signed) in|(?:please|must|need to|have to) (?:log|sign) ?in|(?:no|missing|find) (?:\S+ )?(?:oauth|credentials?|client.?secrets?)\b|\b(?:oauth|credentials?|client.?secrets?)\b.{0,40}\b(?:not found|missing)/i,
    says: () => 'it wants a login',
    remedy: (_, { isImage }) =>
      isImage
        ? 'log in once and keep what it writes in a volume (login: and volumes: of its recipe), or give it a token by a variable that it reads'
        : 'start it alone in a terminal, log in, then start the bridge',
  },
  {
    cause: 'http',
    find: (symptoms) => addressIn(symptoms),
    says: ([where = '']) => `it serves HTTP itself${where}, and says nothing on stdio`,
    remedy: (_, symptoms) => {
      const argument = stdioArgument(symptoms)
      return argument === undefined
        ? given(
            'look in its documents for the argument that makes it speak stdio, mostly --stdio or stdio',
            '--stdio',
            symptoms,
          )
        : given(`"${argument}" makes it speak stdio`, argument, symptoms)
    },
    // One that says it speaks stdio, too, may only be slow.
    isCertain: ({ lines, ports }) =>
      ports.length > 0 &&
      lines.some((line) => ADDRESS.test(line)) &&
      !lines.some((line) => /\bstdio\b/i.test(line)),
  },
  {
    cause: 'usage',
    find: /^\s*usage:\s*(?:$|.*[<[])/i,
    says: () => 'it prints how it is used, and serves nothing as it is called',
    remedy: (_, symptoms) => {
      const argument = stdioArgument(symptoms)
      return argument === undefined
        ? given('choose what it shall do', 'ARGUMENT', symptoms)
        : given(`"${argument}" makes it speak stdio`, argument, symptoms)
    },
    isCertain: () => true,
  },
  {
    cause: 'network',
    find: /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH)\b ?([\w.:-]*)|host='([^']+)'|dial tcp:? (?:lookup )?([\w.:-]+)|fetch failed|Name or service not known|name resolution|Network is unreachable|Connection refused|ConnectError|Could not connect|connection error/i,
    says: ([host = '']) => `it cannot reach ${host.replace(/[:.]+$/, '') || 'what it needs'}`,
    remedy: () => 'see that it has a way there, and the right address',
  },
]

/** What is wrong with it, as far as that can be told. */
export function diagnose(seen: Symptoms): Diagnosis | undefined {
  const symptoms = { ...seen, lines: seen.lines.map(withoutColours) }
  for (const { cause, find, says, remedy, isCertain } of ROWS) {
    const found = typeof find === 'function' ? find(symptoms) : foundIn(symptoms.lines, find)
    if (found === undefined) continue
    const hint = `${says(found)}: ${remedy(found, symptoms)}`
    return { cause, hint, isCertain: isCertain?.(symptoms) === true }
  }
  return undefined
}

function foundIn(lines: readonly string[], pattern: RegExp): string[] | undefined {
  for (const line of lines) {
    const found = pattern.exec(line.slice(0, JUDGED))
    if (found !== null) return found.slice(1).filter((group) => group !== undefined && group !== '')
  }
  return undefined
}

/** A longer line is judged by its beginning. */
const JUDGED = 1000
const ADDRESS =
  /\b(?:listening|running|started|starting|available|serving|ready|server|endpoint)\b.{0,80}(?:\bport\b:? ?(\d{2,5})|https?:\/\/(?:localhost|127\.[\d.]+|0\.0\.0\.0|\[[\da-f:]+\]|\*)(?::(\d{2,5}))?)/i

function addressIn({ lines, ports }: Symptoms): string[] | undefined {
  if (ports.length > 0) return [` on port ${ports.slice(0, 3).join(', ')}`]
  const [port] = foundIn(lines, ADDRESS) ?? [undefined]
  return port === undefined ? undefined : [` on port ${port}`]
}

const NAME = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g
/** Codes of errors look like names of variables. */
const CODE = /^(?:ERR|ERROR|MODULE|UV|NODE)_|_(?:ERROR|ERR|FAILED|FOUND|CHAIN|DENIED|TIMEOUT)$/
const WANTS =
  /missing|required\b|requires|must |not set|unset|not (?:been )?(?:provided|defined|configured|specified|found)|undefined|please (?:set|provide)|expected|no (?:api|access)/i

/** The variables that it complains about. */
function variablesIn(lines: readonly string[]): string[] | undefined {
  const names = lines
    .filter((line) => WANTS.test(line))
    .flatMap((line) => line.slice(0, JUDGED).match(NAME) ?? [])
    .filter((name) => !CODE.test(name))
  return names.length === 0 ? undefined : [...new Set(names)].slice(0, 4)
}

/** How its own help names the way to stdio. */
function stdioArgument({ lines }: Symptoms): string | undefined {
  const text = lines.join('\n')
  if (!/stdio/i.test(text)) return /arguments are required:.*\btransport\b/.test(text) ? 'stdio' : undefined
  if (/--stdio\b/.test(text)) return '--stdio'
  return /--transport\b/.test(text) ? '--transport stdio' : 'stdio'
}

function given(what: string, argument: string, { isImage }: Symptoms): string {
  return isImage
    ? `${what}: docker run … IMAGE ${argument} tries it, mcp-bridge image build … -- ${argument} makes it last`
    : `${what}: mcp-bridge -- COMMAND ${argument}`
}

function parentOf(path: string): string {
  return path.replace(/\/[^/]*\.\w+$/, '') || '/'
}
