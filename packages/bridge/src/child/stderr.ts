// child/stderr: what a child says beside the protocol, line by line; kept is what may tell why it fails.
import type { Readable } from 'node:stream'
import { Said } from './said.ts'

const MAX_LINE = 16 * 1024

/** Always read, whoever listens: a child whose stderr is full stands still. */
export class StderrLines {
  readonly said = new Said()
  readonly #onLine: (line: string) => void
  #rest = ''
  #isCut = false

  constructor(stream: Readable, onLine: (line: string) => void) {
    this.#onLine = onLine
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => this.#read(text))
    stream.on('end', () => {
      this.#line(this.#rest)
      this.#rest = ''
    })
  }

  /** The unfinished line. */
  get rest(): string {
    return this.#rest.trimEnd()
  }

  #read(text: string): void {
    const lines = text.split('\n')
    const last = lines.pop() ?? ''
    for (const line of lines) {
      this.#line(this.#rest + line)
      this.#rest = ''
      this.#isCut = false
    }
    this.#rest += last
    if (this.#rest.length <= MAX_LINE) return
    // The rest of an endless line is dropped.
    if (!this.#isCut) this.#line(this.#rest)
    this.#isCut = true
    this.#rest = ''
  }

  #line(raw: string): void {
    if (this.#isCut) return
    const line = raw.slice(0, MAX_LINE).trimEnd()
    if (line === '') return
    this.said.add(line)
    this.#onLine(line)
  }
}
