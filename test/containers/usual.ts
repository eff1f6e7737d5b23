// containers/usual: the usual way to serve the same tool, for the table: supergateway in an image, `npx -y` at every start.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, tempDir } from '@mcp-bridge/testkit'
import { inspectImage, type Recipe } from '@mcp-bridge/toolkit'
import { withClient } from './client.ts'
import { addressOf, ca, docker, stateOf } from './docker.ts'
import type { Usual } from './table.ts'

const TAG = 'mcp-bridge-test-usual'
const SUPERGATEWAY = '4.0.0'

/** Undefined for what npx does not start, or not without a file. */
export async function measureUsual(recipe: Recipe): Promise<Usual | undefined> {
  const needsFiles =
    recipe.secrets.some(({ file }) => file) || recipe.volumes.some(({ path }) => path !== '/data')
  if (recipe.runtime !== 'node' || needsFiles) return undefined
  await build()
  const container = `${TAG}-${process.pid}`
  const command = ['npx', '-y', `${recipe.package}@${recipe.version}`, ...recipe.args].join(' ')
  const certificates =
    ca === undefined ? [] : ['-v', `${ca}:/run/ca.pem:ro`, '-e', 'NODE_EXTRA_CA_CERTS=/run/ca.pem']
  const variables = recipe.secrets.flatMap(({ name, example }) => ['-e', `${name}=${example ?? ''}`])
  try {
    await docker(
      'run',
      '--detach',
      '--name',
      container,
      '--tmpfs',
      '/data',
      ...certificates,
      ...variables,
      TAG,
      '--stdio',
      command,
    )
    const base = `http://${await addressOf(container, 'bridge')}:8000`
    const readyMs = await eventually(
      async () => {
        await withClient(base, '/sse', '', (client) => client.ping())
        return Date.now() - Date.parse((await stateOf(container)).StartedAt)
      },
      { what: `${command} to answer`, withinMs: 300_000 },
    )
    return { name: recipe.name, sizeBytes: (await inspectImage(TAG))?.sizeBytes ?? 0, readyMs }
  } finally {
    await docker('rm', '--force', '--volumes', container)
  }
}

async function build(): Promise<void> {
  const folder = tempDir()
  mkdirSync(folder, { recursive: true })
  const lines = [
    'FROM node:24-trixie-slim',
    'RUN --mount=type=secret,id=ca,target=/run/ca.pem if [ -s /run/ca.pem ]; then export NODE_EXTRA_CA_CERTS=/run/ca.pem; fi; \\',
    `    npm install --global supergateway@${SUPERGATEWAY}`,
    'ENTRYPOINT ["supergateway", "--port", "8000"]',
  ]
  writeFileSync(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`)
  const secret = ca === undefined ? [] : ['--secret', `id=ca,src=${ca}`]
  await docker('build', '--quiet', '--tag', TAG, ...secret, folder)
}
