// token-file: `NAME:TOKEN` lines, by which a bridge knows its clients.

/** The text with a line for this name, in place of an older one. */
export function withToken(text: string, name: string, token: string): string {
  const rest = withoutToken(text, name)
  return `${rest}${rest === '' || rest.endsWith('\n') ? '' : '\n'}${name}:${token}\n`
}

export function withoutToken(text: string, name: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith(`${name}:`))
    .join('\n')
}

export function tokenOf(text: string, name: string): string | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name}:`))
  return line?.slice(name.length + 1).trim()
}

/** Names in a token file. */
export function namesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.includes(':') && !line.startsWith('#'))
    .map((line) => line.slice(0, line.indexOf(':')))
}
