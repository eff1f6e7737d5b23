// replicas: three of them behind HAProxy or nginx, each set up as its file in `deploy` says.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanEnv, eventually, send, start, tempDir, type Started } from '@mcp-bridge/testkit'
import { freePort } from '../e2e/port.ts'
import { replicas, type Replicas } from '../integration/replicas/replicas.ts'

export const BALANCERS = ['haproxy', 'nginx', 'round robin'] as const
export type Balancer = (typeof BALANCERS)[number]

export interface Balanced extends Replicas {
  /** Of the load balancer. */
  port: number
  /** Ends the load balancer. */
  close(): Promise<void>
}

const deployed = (path: string): string =>
  readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8')

export async function balanced(balancer: Balancer, args: readonly string[]): Promise<Balanced> {
  const behind = await replicas({ names: ['r1', 'r2', 'r3'], args })
  const port = await freePort('127.0.0.1')
  const proxy = await launch(balancer, port, behind.ports)
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
  return { ...behind, port, close }
}

/** The file as it stands, with the addresses of this machine. */
function here(text: string, port: number, ports: readonly number[]): string {
  return ports.reduce(
    (file, at, i) => file.replaceAll(`10.0.0.${i + 1}:8000`, `127.0.0.1:${at}`),
    text.replace('bind :8080', `bind 127.0.0.1:${port}`).replace('listen 8080', `listen 127.0.0.1:${port}`),
  )
}

function launch(balancer: Balancer, port: number, ports: readonly number[]): Promise<Started> {
  const folder = tempDir()
  const path = join(folder, 'conf')
  if (balancer === 'nginx') {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    const around = `daemon off; pid ${folder}/pid; error_log stderr; events { worker_connections 8192; } http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
      ${here(deployed('nginx/mcp-bridge.conf'), port, ports)}
    }`
    writeFileSync(path, around)
    return run(['nginx', '-e', 'stderr', '-p', folder, '-c', path])
  }
  const file = here(deployed('haproxy/haproxy.cfg'), port, ports)
  // Without any affinity: the hop alone brings each request where it belongs.
  const isBlind = balancer === 'round robin'
  const blind = file
    .replaceAll(/^ +(?:use-server|http-request set-var).*\n/gm, '')
    .replace('leastconn', 'roundrobin')
  writeFileSync(path, isBlind ? blind : file)
  return run(['haproxy', '-db', '-f', path])
}

/** What it keeps is kept in the folder. */
function run(command: readonly string[]): Promise<Started> {
  const env = cleanEnv()
  env['PATH'] = `${env['PATH']}:/usr/sbin`
  return start(command, { env, stdio: 'ignore' })
}
