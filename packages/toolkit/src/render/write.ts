// render/write: rendered files into a folder.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What is there and has no new text stays. */
export function writeFiles(folder: string, files: Iterable<readonly [string, string | Buffer]>): void {
  for (const [name, content] of files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}
