// Applies the migrations of a folder (its argument) to DATABASE_URL, each once, in order of their names.
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
  const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8')
  // Such an index cannot be made in a transaction; all others are applied whole or not at all.
  const isWhole = !/^CREATE (UNIQUE )?INDEX CONCURRENTLY/m.test(sql)
  if (isWhole) await client.query('BEGIN')
  await client.query(sql)
  await client.query('INSERT INTO "_local_migrations" VALUES ($1)', [name])
  if (isWhole) await client.query('COMMIT')
}
await client.end()
process.stdout.write(`${pending.length} migrations applied\n`)
