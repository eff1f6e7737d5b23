// containers/assets: what comes with mcp-bridge, as the build has put it together.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Assets } from '@mcp-bridge/toolkit'

const bridge = new URL('../../packages/bridge/', import.meta.url)
const path = (name: string): string => fileURLToPath(new URL(name, bridge))
const { version } = JSON.parse(readFileSync(path('package.json'), 'utf8')) as { version: string }

export const assets: Assets = {
  catalogue: path('dist/toolkit/catalogue'),
  base: path('dist/toolkit/base'),
  bundle: path('dist/mcp-bridge.bundle.cjs'),
  version,
  bases: new Map(),
}
