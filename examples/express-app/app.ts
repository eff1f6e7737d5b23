// express-app: two tools mounted beside the routes of an app that exists already.
import { createServer } from 'node:http'
import express from 'express'
import { createBridge } from 'mcp-bridge'

const notes = createBridge({ command: ['npx', 'mcp-server-memory'] })
const everything = createBridge({ command: ['npx', 'mcp-server-everything', 'stdio'] })

const app = express()
app.get('/', (_req, res) => {
  res.send('an app with tools at /notes/mcp and /everything/mcp\n')
})
// Before any body parser: the bridge passes on the bytes that the client sent.
app.use('/notes', notes.handler)
app.use('/everything', everything.handler)

const server = createServer(app).listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = server.address()
  console.log(`listening on http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`)
})

process.once('SIGTERM', () => {
  void Promise.all([notes.close(), everything.close()]).then(() => server.close())
})
