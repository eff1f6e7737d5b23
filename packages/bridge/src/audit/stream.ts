// audit/stream: lines to a syslog receiver over TCP or a socket of this machine.
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { RETRY_MS, type Sink, type SinkListener, type Written } from './journal.ts'
import { syslogFrame } from './syslog.ts'

/** A receiver that has gone without a word is noticed. */
const KEEP_ALIVE_MS = 30_000

export class StreamSink implements Sink {
  readonly place: string
  readonly #to: NetConnectOpts
  #socket: Socket | undefined
  #isConnected = false
  #failure: Error = notConnected()
  #heard: SinkListener | undefined
  #timer: NodeJS.Timeout | undefined
  /** Of the lines that are on their way to the kernel. */
  #done: Written | undefined

  constructor(place: string, to: NetConnectOpts) {
    this.place = place
    this.#to = to
  }

  open(heard: SinkListener): void {
    this.#heard = heard
    this.#connect()
  }

  write(lines: readonly string[], done: Written): void {
    const socket = this.#socket
    if (socket === undefined || !this.#isConnected) return void setImmediate(done, 0, this.#failure)
    this.#done = done
    socket.write(framesOf(lines), () => this.#settle(lines.length))
  }

  writeNow(lines: readonly string[], done: Written): void {
    const socket = this.#socket
    if (socket === undefined || !this.#isConnected) return done(0, this.#failure)
    if (socket.writableLength > 0) return done(0, busy())
    socket.write(framesOf(lines))
    // What the kernel does not take at once goes out as soon as it does, and is not to be written again.
    done(lines.length, socket.writableLength > 0 ? busy() : undefined)
  }

  reopen(): void {}

  close(): void {
    this.#heard = undefined
    clearTimeout(this.#timer)
    if (this.#isConnected) this.#socket?.end()
    else this.#socket?.destroy()
  }

  #connect(): void {
    const socket = connect({ keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, ...this.#to })
    this.#socket = socket.unref()
    socket.on('connect', () => {
      this.#isConnected = true
      this.#heard?.ready()
    })
    socket.on('error', (error) => {
      this.#failure = error
    })
    socket.on('close', () => {
      this.#isConnected = false
      this.#socket = undefined
      this.#settle(0, this.#failure)
      if (this.#heard === undefined) return
      this.#heard.lost(this.#failure)
      this.#timer = setTimeout(() => this.#connect(), RETRY_MS).unref()
    })
    // A receiver says nothing; what comes all the same is not kept.
    socket.resume()
  }

  #settle(lines: number, error?: Error): void {
    const done = this.#done
    this.#done = undefined
    done?.(lines, error)
  }
}

function framesOf(lines: readonly string[]): string {
  return lines.map(syslogFrame).join('')
}

function notConnected(): Error {
  return Object.assign(new Error('the receiver has not answered'), { code: 'ENOTCONN' })
}

function busy(): Error {
  return Object.assign(new Error('the receiver does not read'), { code: 'EAGAIN' })
}
