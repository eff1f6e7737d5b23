// replica/peers: where the other replicas are; only those that the operator has named are ever called.

/** Another replica. */
export interface Peer {
  name: string
  host: string
  port: string
}

export class Peers {
  readonly #own: string
  readonly #byName: ReadonlyMap<string, Peer>
  readonly #numbered: { pattern: RegExp; url: string } | undefined

  /** @param urls by name; see `Config.replicas` */
  constructor(own: string, urls: Readonly<Record<string, string>>) {
    const { '*': url, ...named } = urls
    this.#own = own
    this.#byName = new Map(
      Object.entries(named)
        .filter(([name]) => name !== own)
        .map(([name, at]) => [name, peerAt(name, at)]),
    )
    // The pods of a StatefulSet are called alike but for their number: no id leads to any other host.
    const base = own.replace(/\d+$/, '')
    this.#numbered =
      url === undefined ? undefined : { pattern: new RegExp(`^${base}(?:0|[1-9]\\d{0,3})$`), url }
  }

  find(name: string): Peer | undefined {
    const known = this.#byName.get(name)
    if (known !== undefined || name === this.#own || this.#numbered === undefined) return known
    const { pattern, url } = this.#numbered
    return pattern.test(name) ? peerAt(name, url.replace('*', name)) : undefined
  }

  /** Those that are known without having been asked for. */
  get named(): readonly Peer[] {
    return [...this.#byName.values()]
  }
}

function peerAt(name: string, url: string): Peer {
  const { hostname, port } = new URL(url)
  return { name, host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? '80' : port }
}
