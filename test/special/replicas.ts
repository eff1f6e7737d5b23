// replicas: three of them behind HAProxy or nginx, each set up as its file in `deploy` says.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanEnv, descendantsOf, eventually, send, start, tempDir, type Started } from '@mcp-bridge/testkit'
import { freePort } from '../e2e/port.ts'
import { replicas, type Replicas } from '../integration/replicas/replicas.ts'

export const BALANCERS = ['haproxy', 'nginx', 'round robin'] as const
export type Balancer = (typeof BALANCERS)[number]

export interface Balanced extends Replicas {
  /** Of the load balancer. */
  port: number
  /** Nothing new for this replica from now on, or again: nginx has to be told, the others ask. */
  takesNew(i: number, isSo: boolean): Promise<void>
  /** Ends the load balancer. */
  close(): Promise<void>
}

const deployed = (path: string): string =>
  readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8')

export async function balanced(balancer: Balancer, args: readonly string[]): Promise<Balanced> {
  const behind = await replicas({ names: ['r1', 'r2', 'r3'], args })
  const port = await freePort('127.0.0.1')
  const { proxy, file } = await launch(balancer, port, behind.ports)
  const takesNew = async (i: number, isSo: boolean) => {
    if (balancer !== 'nginx') return
    const { pid } = proxy
    const former = new Set(descendantsOf(pid))
    // As in the file's first upstream: who has a session there still comes to it.
    const [of, to] = [' max_fails=1 fail_timeout=1s;', ' down;']
    const server = `server 127.0.0.1:${behind.ports[i]}`
    const [now, then] = isSo ? [server + to, server + of] : [server + of, server + to]
    writeFileSync(file, readFileSync(file, 'utf8').replace(now, then))
    proxy.process.kill('SIGHUP')
    await eventually(() => descendantsOf(pid).some((worker) => !former.has(worker)), {
      what: 'nginx with its new configuration',
    })
  }
  const close = async () => {
    proxy.process.kill('SIGTERM')
    await proxy.exited
  }
  const what = `${balancer} with all replicas`
  await eventually(
    () =>
      send({ port, path: '/readyz' }).then(
        ({ status }) => status === 200,
        () => false,
      ),
    {
      what,
    },
  )
  return { ...behind, port, takesNew, close }
}

/** The file as it stands, with the addresses of this machine. */
function here(text: string, port: number, ports: readonly number[]): string {
  return ports.reduce(
    (file, at, i) => file.replaceAll(`10.0.0.${i + 1}:8000`, `127.0.0.1:${at}`),
    text.replace('bind :8080', `bind 127.0.0.1:${port}`).replace('listen 8080', `listen 127.0.0.1:${port}`),
  )
}

async function launch(
  balancer: Balancer,
  port: number,
  ports: readonly number[],
): Promise<{ proxy: Started; file: string }> {
  const folder = tempDir()
  const file = join(folder, 'conf')
  if (balancer === 'nginx') {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    const around = `daemon off; pid ${folder}/pid; error_log stderr; events { worker_connections 8192; } http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
      ${here(deployed('nginx/mcp-bridge.conf'), port, ports)}
    }`
    writeFileSync(file, around)
    return { proxy: await run(['nginx', '-e', 'stderr', '-p', folder, '-c', file]), file }
  }
  const asDeployed = here(deployed('haproxy/haproxy.cfg'), port, ports)
  // Without any affinity: the hop alone brings each request where it belongs.
  const isBlind = balancer === 'round robin'
  const blind = asDeployed
    .replaceAll(/^ +(?:use-server|http-request set-var).*\n/gm, '')
    .replace('leastconn', 'roundrobin')
  writeFileSync(file, isBlind ? blind : asDeployed)
  return { proxy: await run(['haproxy', '-db', '-f', file]), file }
}

/** What it keeps is kept in the folder. */
function run(command: readonly string[]): Promise<Started> {
  const env = cleanEnv()
  env['PATH'] = `${env['PATH']}:/usr/sbin`
  return start(command, { env, stdio: 'ignore' })
}
