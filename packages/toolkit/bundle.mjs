// bundle: the toolkit as part of the npm package: its code in one file, beside what it reads.
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle, place } from '../bridge/bundle.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const target = here('../bridge/dist/toolkit')

for (const folder of ['catalogue', 'base', 'local-images']) {
  const files = filesIn(here(folder))
  for (const file of filesIn(join(target, folder)))
    if (!files.includes(file)) rmSync(join(target, folder, file))
  for (const file of files) {
    const from = join(here(folder), file)
    place(join(target, folder, file), readFileSync(from), statSync(from).mode)
  }
}
await bundle(here('src/cli/main.ts'), `${target}/toolkit.bundle.cjs`)

function filesIn(folder) {
  try {
    const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    return found
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
  } catch {
    return []
  }
}
