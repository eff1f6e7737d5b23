// fixture: the argv that starts a fixture server.
import { fileURLToPath } from 'node:url'

/** The command of `src/fixtures/NAME.ts`, compiled; the same whether this file runs from `src` or from `dist`. */
export function fixture(name: string, ...args: readonly string[]): string[] {
  return [process.execPath, fileURLToPath(new URL(`../dist/fixtures/${name}.js`, import.meta.url)), ...args]
}
