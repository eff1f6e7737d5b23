// Applies the migrations of a folder (its argument) to DATABASE_URL, each once and whole, in order of their names.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

const folder = process.argv[2]
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await client.query('CREATE TABLE IF NOT EXISTS "_local_migrations" (name text PRIMARY KEY)')
const { rows } = await client.query('SELECT name FROM "_local_migrations"')
const applied = new Set(rows.map(({ name }) => name))
const pending = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !applied.has(entry.name))
  .map(({ name }) => name)
  .toSorted()
for (const name of pending) {
  await client.query('BEGIN')
  await client.query(readFileSync(join(folder, name, 'migration.sql'), 'utf8'))
  await client.query('INSERT INTO "_local_migrations" VALUES ($1)', [name])
  await client.query('COMMIT')
}
await client.end()
process.stdout.write(`${pending.length} migrations applied\n`)
