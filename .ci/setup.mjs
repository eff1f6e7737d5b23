// Installs and builds the workspace; does nothing when both are fresh. Runs on Node 20 with npm alone.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamp = join(root, 'node_modules', '.installed')
const pnpmVersion = /^ {2}pnpm: (\S+)$/m.exec(read('pnpm-workspace.yaml'))[1]
const wanted = fingerprint()

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  // pnpm itself is a native binary, so the Node that happens to be here does not matter.
  run('npx', ['--yes', `pnpm@${pnpmVersion}`, 'install', '--frozen-lockfile'])
  writeFileSync(stamp, wanted)
}
run(join(root, 'node_modules', '.bin', 'pnpm'), ['run', '--silent', 'build'])

function read(file) {
  return readFileSync(join(root, file), 'utf8')
}

/** What the installed tree depends on: the lockfile and the settings of the workspace. */
function fingerprint() {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']) hash.update(read(file))
  return hash.digest('hex')
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}
