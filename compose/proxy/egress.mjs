// A forward proxy for tools that need the Internet: it refuses the host, the LAN and every other private address.
//
// EGRESS_ALLOW names exceptions, such as a wiki of the LAN: names, addresses or networks, separated by commas.
import { lookup } from 'node:dns/promises'
import { createServer, request as httpRequest } from 'node:http'
import { BlockList, connect, isIP, isIPv6 } from 'node:net'

const PORT = 3128
/** What is not the public Internet: https://www.iana.org/assignments/iana-ipv4-special-registry */
const PRIVATE_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]
/** Of IPv6 only global unicast is public, and of that not what carries an IPv4 address inside, or is for examples. */
const PUBLIC_V6 = ['2000::/3']
const EXCEPT_V6 = ['2001::/23', '2001:db8::/32', '2002::/16']
/** A connection that nobody speaks on ends. */
const IDLE_MS = 120_000

const exceptions = (process.env.EGRESS_ALLOW ?? '').split(',').flatMap((item) => item.trim() || [])
const isNetwork = (item) => isIP(item.split('/')[0]) !== 0
const allowedNames = new Set(exceptions.filter((item) => !isNetwork(item)))
const allowed = listOf(exceptions.filter(isNetwork))
const privateV4 = listOf(PRIVATE_V4)
const publicV6 = listOf(PUBLIC_V6)
const exceptV6 = listOf(EXCEPT_V6)

const server = createServer((request, response) => {
  if (request.url === '/healthz') response.end('ok\n')
  else void forward(request, response).catch((error) => fail(request, response, error))
})
server.on('connect', (request, socket, head) => {
  socket.on('error', () => socket.destroy())
  const failed = (error) => {
    log(request, error)
    socket.end(`HTTP/1.1 ${statusOf(error)} ${error.message}\r\ncontent-length: 0\r\n\r\n`)
  }
  void tunnel(request, socket, head, failed).catch(failed)
})
server.listen(PORT)
process.on('SIGTERM', () => process.exit(0))

class Refused extends Error {}

async function forward(request, response) {
  const url = new URL(request.url)
  if (url.protocol !== 'http:') throw new Refused(`${url.protocol} is not forwarded`)
  const host = await publicAddress(url.hostname)
  const { 'proxy-connection': _, 'proxy-authorization': __, ...headers } = request.headers
  const target = {
    host,
    port: url.port || 80,
    method: request.method,
    path: url.pathname + url.search,
    headers,
  }
  const outgoing = httpRequest({ ...target, timeout: IDLE_MS })
  outgoing.on('response', (incoming) => {
    response.writeHead(incoming.statusCode, incoming.headers)
    incoming.pipe(response)
  })
  outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')))
  outgoing.on('error', (error) => fail(request, response, error))
  response.on('close', () => outgoing.destroy())
  request.pipe(outgoing)
}

async function tunnel(request, socket, head, failed) {
  const { hostname, port } = new URL(`https://${request.url}`)
  const upstream = connect({ host: await publicAddress(hostname), port: Number(port || 443) })
  let isOpen = false
  upstream.setTimeout(IDLE_MS, () => upstream.destroy())
  upstream.on('connect', () => {
    isOpen = true
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    upstream.write(head)
    upstream.pipe(socket).pipe(upstream)
  })
  upstream.on('error', (error) => (isOpen ? socket.destroy() : failed(error)))
  upstream.on('close', () => isOpen && socket.destroy())
  socket.on('close', () => upstream.destroy())
}

/** The address that was checked is the one that is connected to: a name may answer differently the next time. */
async function publicAddress(hostname) {
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  const found = isIP(name) ? [{ address: name }] : await lookup(name, { all: true })
  const open = allowedNames.has(name) ? found[0] : found.find(({ address }) => isPublic(address))
  if (open === undefined) throw new Refused(`${name} is a private address`)
  return open.address
}

function isPublic(address) {
  if (!isIPv6(address)) return !privateV4.check(address) || allowed.check(address)
  const isGlobal = publicV6.check(address, 'ipv6') && !exceptV6.check(address, 'ipv6')
  return isGlobal || allowed.check(address, 'ipv6')
}

function listOf(networks) {
  const list = new BlockList()
  for (const network of networks) {
    const [address, bits] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

function statusOf(error) {
  return error instanceof Refused ? 403 : 502
}

function fail(request, response, error) {
  log(request, error)
  if (response.headersSent) return void response.destroy()
  response.writeHead(statusOf(error), { 'content-type': 'text/plain' }).end(`the way out: ${error.message}\n`)
}

function log({ method, url }, error) {
  const entry = {
    time: new Date().toISOString(),
    method,
    url,
    status: statusOf(error),
    reason: error.message,
  }
  process.stderr.write(`${JSON.stringify(entry)}\n`)
}
