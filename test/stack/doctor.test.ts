// ./notify and ./doctor of a stack in which a tool is down: each tells of it once, and neither tells a secret.
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compose, place, read, setting, sh, tried } from './stack.ts'

const REPORT = 'report-of-the-test.txt'
/** Files of the operator that get a secret for these tests. */
const OWN = ['.env', 'config/litellm.yaml', 'people/time/tokens']
/** In an environment, in a configuration, in a log: known to the stack, or only looking like what they are. */
const PLANTED = [
  'planted-in-env',
  'planted-in-config',
  'planted-of-a-person',
  'planted-in-environment',
  'planted-in-bearer',
  'planted-in-cookie',
  'planted-in-url',
  'planted-in-json',
]
const LOG = [
  'the key planted-in-environment is refused, and so is planted-in-env',
  'Authorization: Bearer planted-in-bearer',
  'Cookie: session=planted-in-cookie',
  'postgresql://app:planted-in-url@postgres:5432/app',
  '{"password":"planted-in-json","token":"planted-of-a-person"}',
]

const before = new Map<string, string>()
const told: { type: string | undefined; body: string }[] = []
let server: Server
let address: string

beforeAll(async () => {
  server = createServer((req, res) => {
    void text(req).then((body) => {
      told.push({ type: req.headers['content-type'], body })
      res.writeHead(req.url === '/refuses' ? 500 : 200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  for (const file of OWN) before.set(file, read(file))
  appendFileSync(join(place.folder, '.env'), `PLANTED_PIN=planted-in-env\nNOTIFY_URL=${address}/hook/1\n`)
  appendFileSync(join(place.folder, 'config/litellm.yaml'), '\nplanted:\n  key: planted-in-config\n')
  appendFileSync(join(place.folder, 'people/time/tokens'), 'zoe-of-the-test:planted-of-a-person\n')
  const environment = '{ PLANTED_PIN_2: planted-in-environment }'
  writeFileSync(join(place.folder, 'planted.yaml'), `services: { time: { environment: ${environment} } }\n`)
  const files = /^COMPOSE_FILE=(.*)$/m.exec(read('.env'))?.[1] ?? 'docker-compose.yml'
  const with_ = { COMPOSE_FILE: `${files}:planted.yaml` }
  await sh(['docker', 'compose', 'up', '-d', '--no-deps', '--wait', 'time'], with_)
  for (const line of LOG) await compose('exec', '-T', 'time', 'sh', '-c', `echo '${line}' >/proc/1/fd/2`)
  await compose('stop', 'time')
})

afterAll(async () => {
  server.close()
  for (const [file, content] of before) writeFileSync(join(place.folder, file), content)
  for (const file of ['planted.yaml', REPORT, 'run/notify', 'run/notify.now', 'run/notify.lock'])
    rmSync(join(place.folder, file), { recursive: true, force: true })
  await compose('up', '-d', '--wait', 'time')
})

test('./doctor says first what is wrong and what to do, and its report has no secret', async () => {
  const { code, stdout } = await tried(['./doctor', REPORT])
  expect(code).toBe(1)
  expect(stdout).toMatch(
    /^FAILED +containers +time +is stopped[^\n]*\n +fix: docker compose up -d --wait time\n/m,
  )
  expect(stdout).toContain(`written: ${REPORT}.`)
  const report = readFileSync(join(place.folder, REPORT), 'utf8')
  expect(report.indexOf('FAILED')).toBeLessThan(report.indexOf('== Versions'))
  for (const part of [
    /^engine: \d/m,
    /^compose: \d/m,
    /^image: mcp-time:\S+ \d{4}\.\d+\.\d+, made 20/m,
    /^time: exited/m,
    /^ +\d\d:\d\d:\d\d code 0 "\{\\"status\\":\\"ready\\"\}/m,
    /^MemAvailable: +\d+ kB$/m,
    /^Filesystem +Size/m,
    /^ +auth_value is os\.environ\/TIME_TOKEN$/m,
    /^PLANTED_PIN=<secret>$/m,
    /the key <PLANTED_PIN_2> is refused, and so is <PLANTED_PIN>$/m,
    /^LAN_NAME=toolbox\.lan$/m,
  ])
    expect(report).toMatch(part)
  const own = [...read('.env').matchAll(/^\w+(?:PASSWORD|_KEY|_TOKEN)=(.*)$/gm)].map(
    ([, value = '']) => value,
  )
  expect(own.length).toBeGreaterThan(10)
  for (const secret of [...PLANTED, ...own, 'zoe-of-the-test', `${address}/hook`])
    expect(report).not.toContain(secret)
})

test('./notify tells once that a tool is down, and once that it is well again', async () => {
  await sh(['./notify'])
  expect(told).toEqual([])
  minutesPass(4)
  // What is not taken is sent again.
  const refused = await tried(['./notify'], { NOTIFY_URL: `${address}/refuses` })
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('NOTIFY_URL did not take')])
  told.length = 0
  await sh(['./notify'])
  const down = `${place.env['COMPOSE_PROJECT_NAME']} on toolbox.lan:\\ntime is exited, and has not been well for 4 minutes`
  expect(told).toEqual([
    { type: 'application/json; charset=utf-8', body: `{"text":"${down}","content":"${down}"}` },
  ])
  minutesPass(4)
  await sh(['./notify'])
  await compose('up', '-d', '--wait', 'time')
  await sh(['./notify'])
  expect(told).toHaveLength(1)
  minutesPass(4)
  await sh(['./notify'], { NOTIFY_URL: `${address}/topic` })
  await sh(['./notify'])
  expect(told.slice(1)).toEqual([
    {
      type: 'text/plain; charset=utf-8',
      body: `${place.env['COMPOSE_PROJECT_NAME']} on ${setting('LAN_NAME')}:\ntime is well again, after 8 minutes`,
    },
  ])
})

/** As ./notify sees it: what it has noted is that much older. */
function minutesPass(minutes: number): void {
  const path = join(place.folder, 'run/notify/time')
  const aged = readFileSync(path, 'utf8').replaceAll(/\d{9,}/g, (at) => String(Number(at) - minutes * 60))
  writeFileSync(path, aged)
}
