// resolve/named-arguments: with which arguments the documents of a package start its tool.
import type { Documents } from './documents.ts'

/** As clients' files have it: `"args": ["-y", "package@latest", "--stdio"]`. */
const ARGS = /\\?"args\\?"\s*:\s*\[((?:[^[\]]|\[[^[\]]{0,200}\]){0,2000})\]/g
const STRING = /"((?:[^"\\]|\\.){0,500})"/g
const MOST = 10
/** An example of another way to serve it. */
const HTTP = /\b(?:http|sse|streamable)/i

/** What stands behind the name of the package, in the first example of a stdio server; mostly nothing. */
export function namedArguments({ readme }: Documents, pkg: string): string[] {
  const name = pkg.split('/').at(-1) ?? pkg
  for (const [, inner = ''] of readme.slice(0, 400_000).matchAll(ARGS)) {
    const args = [...inner.matchAll(STRING)].map(([, text = '']) => text)
    const at = args.findIndex((each) => isPackage(each, pkg) || each === name)
    const behind = args.slice(at + 1, at + 1 + MOST)
    if (at !== -1 && !behind.some((each) => HTTP.test(each))) return behind
  }
  return []
}

function isPackage(text: string, pkg: string): boolean {
  return text === pkg || text.startsWith(`${pkg}@`) || text.startsWith(`${pkg}==`)
}
