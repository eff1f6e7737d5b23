// scripts/release: what the steps of a release ask. Runs on Node 20 with nothing installed.
//   release.mjs check TAG              the version, if tag, package and CHANGELOG.md agree on it
//   release.mjs page TAG OWNER/NAME    the text of the release: what is new, and the images, a line each on stdin
//   release.mjs address OWNER/NAME     writes into package.json where it lives
//   release.mjs server-json            the entry of the MCP registry
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressed } from './address.mjs'
import { sectionOf } from './changelog.mjs'
import { page } from './page.mjs'
import { serverJson } from './server-json.mjs'

const DIRECTORY = 'packages/bridge'
const PACKAGE = join(DIRECTORY, 'package.json')

const VERBS = {
  check: (tag) => `${versionOf(tag)}\n`,
  page: (tag, address) => page(sectionOf(read('CHANGELOG.md'), versionOf(tag)), tag, address, read(0)),
  'server-json': () => json(serverJson(manifest())),
  address: (address) => {
    writeFileSync(PACKAGE, json(addressed(manifest(), address, DIRECTORY)))
    return ''
  },
}

try {
  const [verb, ...rest] = process.argv.slice(2)
  if (!Object.hasOwn(VERBS, verb ?? ''))
    throw new Error(`"${verb ?? ''}" is none of ${Object.keys(VERBS).join(', ')}`)
  process.stdout.write(VERBS[verb](...rest))
} catch (error) {
  process.stderr.write(`release: ${error.message}\n`)
  process.exitCode = 1
}

/** Three places say what is released; the files that are made of the version are compared by `pnpm run generate` in CI. */
function versionOf(tag = '') {
  const { version } = manifest()
  if (!/^v\d+\.\d+\.\d+$/.test(tag)) throw new Error(`"${tag}" is no tag of a release: v${version} is wanted`)
  if (tag !== `v${version}`)
    throw new Error(
      `the tag is ${tag}, but ${PACKAGE} is ${version}: set it with "npm version --no-git-tag-version ${tag.slice(1)}" there, run "pnpm run generate", and tag that commit`,
    )
  sectionOf(read('CHANGELOG.md'), version)
  return version
}

function manifest() {
  return JSON.parse(read(PACKAGE))
}

function read(path) {
  return readFileSync(path, 'utf8')
}

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`
}
