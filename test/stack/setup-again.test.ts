// ./setup on the running stack: it sees who has a port, and what Docker has under the stack's name.
import { cpSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { tempDir } from '@mcp-bridge/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../e2e/port.ts'
import { outcomeOf } from '../e2e/command.ts'
import { place, read, sh, tried } from './stack.ts'

test('its own port is no taken one, and without options nothing changes', async () => {
  const before = read('.env')
  const said = await sh(['./setup'])
  expect(said).toBe(
    `ready: http://${place.name}:${place.port} on ${place.address}, profiles db,tools. Next: docker compose up -d --wait, then ./verify\n`,
  )
  expect(read('.env')).toBe(before)
})

test('a port that another program has', async () => {
  const server = createServer()
  const port = await freePort(place.address)
  await new Promise<void>((resolve) => server.listen(port, place.address, resolve))
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  const before = read('.env')
  const { code, stdout, stderr } = await tried(['./setup', '--port', String(port)])
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining(`port ${port} of ${place.address} is taken by another program`),
  })
  expect(read('.env')).toBe(before)
})

test('a second copy of this folder takes neither the name nor the port', async () => {
  const folder = tempDir()
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const copy = join(folder, 'compose')
  cpSync(place.folder, copy, { recursive: true })
  for (const made of ['.env', 'people', 'config/litellm.yaml']) rmSync(join(copy, made), { recursive: true })
  const setup = (...options: string[]) =>
    outcomeOf(['./setup', '--bind', place.address, ...options], { cwd: copy, env: place.env })
  const { code, stderr } = await setup('--port', String(place.port))
  expect(code).toBe(1)
  expect(stderr).toContain(`is there already, in ${place.folder}`)
  expect(stderr).toMatch(new RegExp(`port ${place.port} of \\S+ is taken by the container \\S+-litellm-1`))
  const port = String(await freePort(place.address))
  expect(await setup('--project', 'mcp-bridge-second', '--port', port)).toMatchObject({ code: 0 })
})

test('what Docker says of a taken port is in the troubleshooting', async () => {
  const server = createServer()
  const port = await freePort(place.address)
  await new Promise<void>((resolve) => server.listen(port, place.address, resolve))
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  const readme = read('README.md')
  for (const [taken, text] of [
    [port, 'bind: address already in use'],
    [place.port, 'port is already allocated'],
  ] as const) {
    const publish = `${place.address}:${taken}:80`
    const { stderr } = await tried(['docker', 'run', '--rm', '--publish', publish, 'mcp-bridge-base:0.1.0'])
    expect(stderr).toContain(text)
    expect(readme).toContain(text)
  }
})
