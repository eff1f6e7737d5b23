// What Grafana is given in the LAN stack, by the fields that its documentation has: it is no package, so that no test runs it.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

type Row = Record<string, unknown>

const OBSERVE = fileURLToPath(new URL('../compose/observe', import.meta.url))
/** @see https://grafana.com/docs/grafana/latest/administration/provisioning/ */
const SOURCE = 'name type access orgId uid url user database basicAuth isDefault editable version jsonData'
const PROVIDER =
  'name orgId folder folderUid type disableDeletion updateIntervalSeconds allowUiUpdates options'

const read = (path: string): unknown => parse(readFileSync(`${OBSERVE}/${path}`, 'utf8'), { merge: true })

test('the data source is Prometheus by its name in the stack, and the folder of dashboards is the one that is mounted', () => {
  expect(readdirSync(`${OBSERVE}/grafana`).toSorted()).toEqual(['dashboards', 'datasources'])
  const [source, ...sources] = rows('grafana/datasources/prometheus.yml', 'datasources', SOURCE)
  const [provider, ...providers] = rows('grafana/dashboards/mcp-bridge.yml', 'providers', PROVIDER)
  expect([sources, providers]).toEqual([[], []])
  expect(source).toMatchObject({ type: 'prometheus', access: 'proxy', isDefault: true })
  expect(provider).toMatchObject({ type: 'file', options: { path: expect.stringMatching(/^\//) } })
  const { services } = read('../docker-compose.yml') as { services: Record<string, { volumes: string[] }> }
  expect(Object.keys(services)).toContain(new URL(String(source?.['url'])).hostname)
  const options = provider?.['options'] as { path: string } | undefined
  expect(services['grafana']?.volumes).toContain(
    `./observe/dashboard.json:${options?.path}/dashboard.json:ro`,
  )
})

test('the dashboard takes whichever Prometheus there is', () => {
  const { templating, uid } = JSON.parse(readFileSync(`${OBSERVE}/dashboard.json`, 'utf8')) as {
    templating: { list: Row[] }
    uid: string
  }
  expect(uid).toMatch(/^[\w-]{1,40}$/)
  expect(templating.list).toContainEqual(
    expect.objectContaining({ name: 'datasource', type: 'datasource', query: 'prometheus' }),
  )
})

/** Version 1 of the format, and no field that Grafana does not know. */
function rows(path: string, list: string, known: string): Row[] {
  const {
    apiVersion,
    [list]: found,
    ...others
  } = read(path) as { apiVersion: number } & Record<string, Row[]>
  expect({ apiVersion, others }).toEqual({ apiVersion: 1, others: {} })
  for (const row of found ?? []) expect(known.split(' ')).toEqual(expect.arrayContaining(Object.keys(row)))
  return found ?? []
}
