// relay/sink: where a message for a client goes.
import type { Message } from '../rpc/message.ts'

/** Takes what a child says for one request, or, of a port, what belongs to no request. */
export interface Sink {
  /** The response to a request this sink was given for. */
  answer(message: Message): void
  /** A notification or a request of the child that belongs here. */
  relate(message: Message): void
  /** Whether `relate` reaches the client now: its connection is open and may carry more than the answer. */
  readonly isOpen: boolean
  /** It stands for the whole session: no exchange waits for an answer here. */
  readonly isStanding: boolean
}

/** The same sink with an eye, or a hand, on the answer. */
export function onAnswer(sink: Sink, answer: (message: Message) => void): Sink {
  return {
    get isOpen() {
      return sink.isOpen
    },
    isStanding: sink.isStanding,
    relate: (message) => sink.relate(message),
    answer,
  }
}
