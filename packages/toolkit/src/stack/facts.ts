// stack/facts: what the shell saw of the containers, handed over on stdin: a `### name` line, then that command's output.

/** Text of each section by its name; that of a command that failed is its message. */
export function parseFacts(text: string): ReadonlyMap<string, string> {
  const sections = text.split(/^### (\S+)\n/m).slice(1)
  return new Map(
    Array.from({ length: sections.length / 2 }, (_, i) => [sections[2 * i] ?? '', sections[2 * i + 1] ?? '']),
  )
}

/** `NAME=value` on each line. */
export function parseVariables(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('='))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

/** One container of `docker compose ps --all --format json`. */
export interface Container {
  service: string
  /** `running`, `exited`, `restarting`, `created`, `paused`, `dead`. */
  state: string
  /** Empty if the service has no health check. */
  health: string
  exitCode: number
  /** Why Docker could not start it. */
  error?: string | undefined
  /** How often Docker has started it again since it was started by hand. */
  restarts?: number | undefined
}

/** One JSON object on each line of `docker compose ps` or, with more in it, of lib/toolbox.sh; or, from older versions of Compose, one array. Anything else is a warning and left out. */
export function parseContainers(text: string): Container[] {
  return text.split('\n').flatMap((line) => {
    if (!/^[[{]/.test(line.trim())) return []
    const found = JSON.parse(line) as Row | Row[]
    return [found].flat().map(({ Service, State, Health = '', ExitCode = 0, Error, Restarts }) => ({
      service: Service,
      state: State,
      health: Health,
      exitCode: ExitCode,
      ...(Error ? { error: Error } : {}),
      ...(Restarts ? { restarts: Restarts } : {}),
    }))
  })
}

interface Row {
  Service: string
  State: string
  Health?: string
  ExitCode?: number
  Error?: string
  Restarts?: number
}

/** How one server of LiteLLM's configuration answered LiteLLM's container, with the token that LiteLLM has. */
export interface Reached {
  alias: string
  url: string
  /** Of the HTTP answer; 0 if there was none. */
  status: number
  reason: string
}

/** How the container of a tool got out by its proxy. */
export interface WayOut {
  service: string
  /** What was asked for. */
  url: string
  /** Where it ended: `answer` is well, all others are failures. */
  step: 'answer' | 'proxy' | 'refused' | 'name' | 'connection' | 'certificate'
  reason: string
}

export function parseReached(text: string): Reached[] {
  return objectsIn<Reached>(text)
}

export function parseWaysOut(text: string): WayOut[] {
  return objectsIn<WayOut>(text)
}

/** One JSON object on each line; others are warnings. */
function objectsIn<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as T)
}
