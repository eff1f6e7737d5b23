// config/replicas: what a replica is called, and where the others are.
import { listOfPairs, text } from './fields.ts'

/** It stands in ids, in front of a dot, and may be part of a host name. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/
const WRITE_NAME = 'write a name of letters, digits and hyphens, such as r1 or tools-0'

export function replicaName() {
  return text().regex(NAME, WRITE_NAME)
}

/** `NAME=URL` in one string or a list, or a map; the one URL with an asterisk in place of the name needs none. */
export function replicas() {
  return listOfPairs().transform((entries, ctx): Readonly<Record<string, string>> => {
    const refuse = (message: string) => ctx.addIssue({ code: 'custom', message })
    const all = new Map<string, string>()
    for (const [given, raw] of entries) {
      const isPattern = given === '' || given === '*'
      const name = isPattern ? '*' : given
      const url = addressIn(raw, isPattern)
      if (!isPattern && !NAME.test(name)) refuse(WRITE_NAME)
      else if (url === undefined)
        refuse(
          isPattern
            ? 'write NAME=URL, or one such as http://*.tools:8000, where * stands for the name'
            : `${name} is at no address such as http://10.0.0.1:8000, without a path`,
        )
      else if (all.has(name)) refuse(`${name} is there twice`)
      else all.set(name, url)
    }
    return Object.fromEntries(all)
  })
}

function addressIn(raw: string, isPattern: boolean): string | undefined {
  if (isPattern !== raw.includes('*')) return undefined
  const url = URL.parse(raw.replace('*', PLACE))
  const isPlain = url?.protocol === 'http:' && url.pathname === '/' && !/[?#@*]/.test(raw.replace('*', ''))
  if (url === null || !isPlain || isPattern !== url.host.includes(PLACE)) return undefined
  return url.origin.replace(PLACE, '*')
}

/** Stands for the name while an address is read. */
const PLACE = 'name-of-the-replica'
