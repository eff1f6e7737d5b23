// containers/engine: a vitest global set-up: the engine of engine.sh, or the machine's own, answers before any test.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('engine.sh', import.meta.url))

export default function setup(): void {
  const env = execFileSync('bash', [script, 'env'], { encoding: 'utf8' })
  // The script prints what a shell evaluates: a shell says what became of it.
  const settled = execFileSync('bash', ['-c', `${env}\nenv -0`], { encoding: 'utf8' })
  for (const line of settled.split('\0')) {
    const [name = '', value = ''] = line.split(/=(.*)/s)
    if (name === 'PATH' || name.startsWith('DOCKER_')) process.env[name] = value
  }
  try {
    execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], { stdio: 'pipe' })
  } catch (cause) {
    throw new Error('no Docker engine answers: run test/containers/engine.sh start', { cause })
  }
}
