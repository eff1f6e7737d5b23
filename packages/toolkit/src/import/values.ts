// import/values: the variables of a client's configuration: which are secrets, and what a placeholder stands for.
import type { Input } from './client-file.ts'

export interface Value {
  name: string
  /** Undefined: a person has to give it. */
  value: string | undefined
  isSecret: boolean
  description: string
}

const SECRET = /TOKEN|KEY|SECRET|PASS|CREDENTIAL|AUTH|COOKIE|DSN|CONNECTION|_UR[IL]$|^UR[IL]$/i
const ADDRESS_WITH_PASSWORD = /^[a-z][a-z\d+.-]*:\/\/[^/\s@]*:[^/\s@]+@/i
const PLACEHOLDER = /\$\{(input|env):([^}]+)\}|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/

/** What is not certainly harmless is treated as a secret: a URL is one when it holds a password. */
export function valuesOf(env: Readonly<Record<string, string>>, inputs: readonly Input[]): Value[] {
  return Object.entries(env).map(([name, raw]) => {
    const [whole, kind, id, variable, fallback] = PLACEHOLDER.exec(raw) ?? []
    const input = kind === 'input' ? inputs.find((each) => each.id === id) : undefined
    const isUrl = /_?UR[IL]$/i.test(name)
    const isSecret =
      input?.isSecret === true ||
      (isUrl ? ADDRESS_WITH_PASSWORD.test(raw) || raw === whole : SECRET.test(name))
    if (whole === undefined) return { name, value: raw, isSecret, description: `For ${name}` }
    if (fallback !== undefined && whole === raw)
      return { name, value: fallback, isSecret, description: `For ${name}` }
    const from = input?.description || (kind === 'input' ? `input ${id}` : `variable ${variable ?? id}`)
    return { name, value: undefined, isSecret, description: `${name}: ${from}` }
  })
}

/** A line that Node's parser of such files reads back as it was. */
export function envLine(name: string, value: string): string {
  const quote = ["'", '"', '`'].find((each) => !value.includes(each))
  if (/^[\w./:@+=,-]*$/.test(value)) return `${name}=${value}\n`
  // In double quotes \n would become a line break.
  const safe = quote === '"' && value.includes('\\') ? '`' : (quote ?? "'")
  return `${name}=${safe}${value}${safe}\n`
}
