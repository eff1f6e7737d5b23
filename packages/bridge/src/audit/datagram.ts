// audit/datagram: lines to a syslog receiver over UDP, of which nobody knows but by its absence.
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns'
import { RETRY_MS, type Sink, type SinkListener, type Written } from './journal.ts'
import { syslogMessage } from './syslog.ts'

/** The machine of a receiver that is not there says so within this. */
const PROBE_MS = 200

export class DatagramSink implements Sink {
  readonly place: string
  readonly #to: { host: string; port: number }
  /** Once it is connected, and nothing speaks against a receiver. */
  #socket: Socket | undefined
  #failure: Error = Object.assign(new Error('the receiver is looked for'), { code: 'ENOTCONN' })
  #heard: SinkListener | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(place: string, to: { host: string; port: number }) {
    this.place = place
    this.#to = to
  }

  open(heard: SinkListener): void {
    this.#heard = heard
    this.#probe()
  }

  write(lines: readonly string[], done: Written): void {
    this.writeNow(lines, (...written) => void setImmediate(done, ...written))
  }

  writeNow(lines: readonly string[], done: Written): void {
    const socket = this.#socket
    if (socket === undefined) return done(0, this.#failure)
    for (const line of lines) socket.send(syslogMessage(line))
    done(lines.length)
  }

  reopen(): void {}

  close(): void {
    this.#heard = undefined
    clearTimeout(this.#timer)
    this.#socket?.close()
    this.#socket = undefined
  }

  /** An empty datagram, which receivers pass over: if nobody is there, the answer is an error. */
  #probe(): void {
    lookup(this.#to.host, (error, address, family) => {
      if (error !== null) return this.#failed(error)
      if (this.#heard === undefined) return
      const socket = createSocket(family === 6 ? 'udp6' : 'udp4').unref()
      const found = setTimeout(() => this.#found(socket), PROBE_MS)
      socket.on('error', (failure) => {
        clearTimeout(found)
        socket.close()
        this.#failed(failure)
      })
      socket.connect(this.#to.port, address, () => socket.send(''))
    })
  }

  #found(socket: Socket): void {
    if (this.#heard === undefined) return void socket.close()
    this.#socket = socket
    this.#heard.ready()
  }

  /** What was sent last may be lost: whether it arrived, nobody says. */
  #failed(error: Error): void {
    this.#failure = error
    this.#socket = undefined
    if (this.#heard === undefined) return
    this.#heard.lost(error)
    this.#timer = setTimeout(() => this.#probe(), RETRY_MS).unref()
  }
}
