// express-app: two tools mounted beside the routes of an app that exists already.
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import express from 'express'
import { createBridge } from 'mcp-bridge'

const notes = createBridge({
  command: ['npx', 'mcp-server-memory'],
  env: { MEMORY_FILE_PATH: resolve(process.env['NOTES_FILE'] ?? 'notes.jsonl') },
})
const everything = createBridge({ command: ['npx', 'mcp-server-everything', 'stdio'] })

const app = express()
app.get('/', (_req, res) => {
  res.send('an app with tools at /notes/mcp and /everything/mcp\n')
})
// Before any body parser: the bridge passes on the bytes that the client sent.
app.use('/notes', notes.handler)
app.use('/everything', everything.handler)

// Rejects if a tool does not start: better now than at the first request.
await Promise.all([notes.start(), everything.start()])
const server = createServer(app).listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(
    `listening on http://127.0.0.1:${typeof address === 'object' ? address?.port : address}\n`,
  )
})

process.once('SIGTERM', () => {
  server.close()
  void Promise.all([notes.close(), everything.close()])
})
