// outside: whether a tool in this container gets out by its proxy: one JSON object with the step at which it ended.
// node outside.cjs URL SERVICE; ./verify runs it in each container on the network way-out.
const { writeSync } = require('node:fs')
const http = require('node:http')
const tls = require('node:tls')

const PATIENCE_MS = 20_000
const [url, service] = process.argv.slice(2)
const target = new URL(url)
const isSecure = target.protocol === 'https:'
const port = target.port || (isSecure ? 443 : 80)
const proxy = process.env[isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY']

if (proxy) ask(new URL(proxy))
else say('proxy', `${isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY'} is not set in the container`)
setTimeout(() => say('connection', `no answer within ${PATIENCE_MS / 1000} s`), PATIENCE_MS)

function ask({ hostname, port: proxyPort }) {
  const request = http.request({
    host: hostname,
    port: proxyPort,
    ...(isSecure
      ? { method: 'CONNECT', path: `${target.hostname}:${port}` }
      : { path: url, headers: { host: target.host } }),
  })
  request.on('error', ({ message }) => say('proxy', message))
  request.on('connect', ({ statusCode, statusMessage }, socket) =>
    statusCode === 200 ? greet(socket) : refused(statusCode, statusMessage),
  )
  request.on('response', (response) => {
    // The proxy's own answers are short and begin so.
    response.setEncoding('utf8').once('data', (text) => {
      const [, reason] = /^the way out: (.*)/.exec(text) ?? []
      if (reason === undefined) say('answer', `HTTP ${response.statusCode}`)
      else refused(response.statusCode, reason)
    })
    response.once('end', () => say('answer', `HTTP ${response.statusCode}`))
  })
  request.end()
}

/** With the authorities that Node knows, and those of NODE_EXTRA_CA_CERTS. */
function greet(socket) {
  const secure = tls.connect({ socket, servername: target.hostname }, () => {
    const request = http.request({
      path: target.pathname,
      headers: { host: target.host },
      createConnection: () => secure,
    })
    request.on('response', ({ statusCode }) => say('answer', `HTTP ${statusCode}`))
    request.on('error', ({ message }) => say('connection', message))
    request.end()
  })
  secure.on('error', ({ code = '', message }) =>
    say(/CERT|SIGNATURE|ALTNAME/.test(code) ? 'certificate' : 'connection', message),
  )
}

function refused(status, reason) {
  if (status === 403) say('refused', reason)
  else say(/ENOTFOUND|EAI_AGAIN/.test(reason) ? 'name' : 'connection', reason)
}

function say(step, reason) {
  writeSync(1, `${JSON.stringify({ service, url, step, reason })}\n`)
  process.exit()
}
