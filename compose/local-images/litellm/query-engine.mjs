#!/usr/bin/env node
// Stands in for the query engine binary of Prisma's Python client: its HTTP protocol, served by the same engine compiled to
// WebAssembly. For LiteLLM images built from packages only; the published image brings its own engine.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { bindAdapter } from '@prisma/driver-adapter-utils'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { jsonFieldsOf, toGraphqlAnswer, toJsonQuery } from './graphql.mjs'

const args = process.argv.slice(2)
if (args.includes('--version') || args.includes('-V')) {
  process.stdout.write('query-engine ac9d7041ed77bcc8a8dbd2ab6616b39013829574\n')
  process.exit(0)
}

const NO_TRACE = '{}'
const datamodel = readFileSync(process.env.PRISMA_DML_PATH, 'utf8').replace(
  /generator\s+\w+\s*\{[^}]*\}/,
  'generator client {\n provider = "prisma-client-js"\n previewFeatures = ["driverAdapters"]\n}',
)
const jsonFields = jsonFieldsOf(datamodel)
const engine = await openEngine()
const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    void answer(request, Buffer.concat(chunks).toString()).then((body) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    })
  })
})
server.listen(Number(args[args.indexOf('-p') + 1]), 'localhost')

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0))
// A client that was killed cannot end us.
const parent = process.ppid
setInterval(() => process.ppid === parent || process.exit(0), 2000).unref()

async function openEngine() {
  const folder = new URL('node_modules/@prisma/query-engine-wasm/postgresql/', import.meta.url)
  const binding = await import(new URL('query_engine_bg.js', folder))
  const wasm = readFileSync(new URL('query_engine_bg.wasm', folder))
  const { instance } = await WebAssembly.instantiate(wasm, { './query_engine_bg.js': binding })
  binding.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start?.()
  const { url, connections } = database()
  const pool = new pg.Pool({ connectionString: url, max: connections })
  // A database that goes takes its idle connections along; the next query opens others.
  pool.on('error', (error) => process.stderr.write(`query engine: ${error.message}\n`))
  const adapter = bindAdapter(new PrismaPg(pool))
  const options = { datamodel, logLevel: 'error', logQueries: false }
  const opened = new binding.QueryEngine(options, () => {}, adapter)
  await opened.connect(NO_TRACE)
  return opened
}

function database() {
  const [override] = JSON.parse(process.env.OVERWRITE_DATASOURCES || '[]')
  const url = new URL(override?.url ?? process.env.DATABASE_URL)
  const connections = Number(url.searchParams.get('connection_limit') ?? 10)
  url.search = ''
  return { url: url.toString(), connections }
}

async function answer({ url, headers }, body) {
  try {
    return await serve(url, headers['x-transaction-id'], body)
  } catch (error) {
    process.stderr.write(`query engine: ${error?.stack ?? error}\n`)
    const message = String(error)
    const userFacing = { is_panic: false, message, meta: {}, error_code: 'P0000' }
    return { errors: [{ error: message, user_facing_error: userFacing }] }
  }
}

async function serve(path, transaction, body) {
  if (path === '/status') return { status: 'ok' }
  if (path.startsWith('/metrics')) return { counters: [], gauges: [], histograms: [] }
  const [, id, verb] = /^\/transaction\/(?:start|([^/]+)\/(commit|rollback))$/.exec(path) ?? []
  if (verb !== undefined) return JSON.parse((await engine[`${verb}Transaction`](id, NO_TRACE)) || '{}')
  const asked = JSON.parse(body)
  if (path === '/transaction/start') {
    const { max_wait = 2000, timeout = 5000, isolation_level } = asked
    return JSON.parse(
      await engine.startTransaction(JSON.stringify({ max_wait, timeout, isolation_level }), NO_TRACE),
    )
  }
  if (asked.batch === undefined)
    return toGraphqlAnswer(await query(toJsonQuery(asked.query, jsonFields), transaction))
  const batch = asked.batch.map((each) => toJsonQuery(each.query, jsonFields))
  const isolation = asked.transaction ? { isolationLevel: null } : undefined
  const result = await query({ batch, transaction: isolation }, transaction)
  return result.batchResult ? { batchResult: result.batchResult.map(toGraphqlAnswer) } : result
}

async function query(json, transaction) {
  return JSON.parse(await engine.query(JSON.stringify(json), NO_TRACE, transaction))
}
