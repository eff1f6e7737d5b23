// render/golden.doc: writes the rendered files of every recipe, and the images of the stack; run by `pnpm run generate`.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { readTool } from '../recipe/read.ts'
import { TOOLS_LOCK } from '../recipe/tools-lock.ts'
import { baseImage } from './layout.ts'
import { isBuildContext, render } from './render.ts'
import { writeFiles } from '../files.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const { version } = JSON.parse(readFileSync(path('../bridge/package.json'), 'utf8')) as { version: string }
const catalogue = path('catalogue')
const golden = path('golden')
const images = path('../../compose/images')

/** What the reference stack builds: see compose/docker-compose.yml. */
const STACK = new Set(['fetch', 'filesystem', 'memory', 'postgres-mcp', 'time'])
/** Between them they have everything that a recipe can have. The others are rendered for these platforms by tests only. */
const DEPLOYED = new Set(['browser-login', 'github', 'home-assistant', 'kubernetes', 'memory'])

for (const folder of [golden, images]) rmSync(folder, { recursive: true, force: true })
// Recipes for features that no tool of the catalogue uses.
const samples = path('samples')
const recipes = [catalogue, samples].flatMap((folder) =>
  existsSync(folder) ? readdirSync(folder).map((name) => ({ name, folder: join(folder, name) })) : [],
)
const services: Record<string, { image: string }> = {
  toolbox: { image: `mcp-bridge-toolbox:${version}` },
  base: { image: baseImage(version) },
}
for (const { name, folder } of recipes) {
  const platforms = DEPLOYED.has(name) ? (['kubernetes', 'podman'] as const) : []
  const { tag, files } = render(readTool(folder), { bridgeVersion: version, platforms })
  // The locks and the recipe are in the catalogue already.
  writeFiles(
    join(golden, name),
    [...files].filter(([file]) => !file.startsWith('lock/') && ![TOOLS_LOCK, 'recipe.yaml'].includes(file)),
  )
  if (STACK.has(name)) {
    services[name] = { image: tag }
    // The stack has its own Compose file and its own entries.
    writeFiles(
      join(images, name),
      [...files].filter(([file]) => isBuildContext(file)),
    )
  }
}
const head = '# Made by pnpm run generate: which image each tool of docker-compose.yml is.\n'
writeFileSync(join(images, 'images.yaml'), `${head}${stringify({ services })}`)
