import { expect, test } from 'vitest'
import type { BridgeError } from '../errors.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { Child } from './child.ts'

test('who listens to a child that has gone is told so', async () => {
  const command = [process.execPath, '-e', 'console.error("bye"); process.exit(4)']
  const options = { command, cwd: undefined, env: {}, mark: 'child-test', maxLineBytes: 1024 }
  const child = await Child.start(options, silentLogger())
  await child.ended
  const error = await new Promise<BridgeError>((childGone) =>
    child.listen({ receive: () => {}, receiveLost: () => {}, childGone }),
  )
  expect(error.code).toBe('child_exited')
  expect(error.data).toMatchObject({ exitCode: 4, stderr: ['bye'] })
})
