// exchange/questions: what an older child asks its client during a call, until it is answered, taken back or refused.
import { BridgeError } from '../errors.ts'
import { isRecord, recordOf, type Members } from '../rpc/content.ts'
import { errorFor } from '../rpc/factory.ts'
import { Message } from '../rpc/message.ts'

export interface QuestionsHost {
  /** Gives the child an answer to what it asked. */
  answer(response: Message): void
  failed(err: unknown): void
}

/** More is refused: a client answers a form or two, not hundreds. */
const MAX_QUESTIONS = 64

/** Of a call that has asked nothing yet; never written to. */
const NONE = new Map<string, Message>()

/** Of one call. */
export class Questions {
  /** Bytes of those that are open. */
  keptBytes = 0
  readonly #host: QuestionsHost
  /** By the key that the client sees. Most calls ask nothing. */
  #open = NONE
  #last = 0

  constructor(host: QuestionsHost) {
    this.#host = host
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Whether it is open now; else it is refused.
   *
   * @param capabilities what the client can be asked
   */
  add(question: Message, capabilities: Members): boolean {
    const { method } = question
    const [family = ''] = method.split('/')
    const why = !Object.hasOwn(capabilities, family)
      ? `this client does not take ${method}`
      : this.size >= MAX_QUESTIONS
        ? 'this client has too many requests to answer'
        : undefined
    if (why !== undefined) {
      this.#answerWithError(question, why)
      return false
    }
    if (this.#open === NONE) this.#open = new Map()
    this.#open.set(`${family}-${++this.#last}`, question)
    this.keptBytes += question.byteLength
    return true
  }

  /** The child has taken back what it asked under this id (JSON text, latin1). */
  withdraw(id: string | undefined): void {
    for (const [key, question] of this.#open) if (question.writtenId === id) this.#drop(key, question)
  }

  /** Passes on those answers that are there, by key; what is no answer counts as none. */
  take(answers: unknown): void {
    for (const [key, question] of this.#open) {
      const answer = recordOf(answers)[key]
      if (!isRecord(answer)) continue
      this.#drop(key, question)
      this.#host.answer(answerTo(question, answer))
    }
  }

  /** What is asked, by key. What cannot be read is refused. */
  readable(): Record<string, object> {
    return Object.fromEntries(
      [...this.#open].flatMap(([key, question]): [string, object][] => {
        try {
          return [[key, requestIn(question)]]
        } catch (err) {
          this.#host.failed(err)
          this.#refuse(key, question, 'what was asked could not be read')
          return []
        }
      }),
    )
  }

  /** The child has asked, and nobody else answers it. */
  refuseAll(why: string): void {
    for (const [key, question] of this.#open) this.#refuse(key, question, why)
  }

  #refuse(key: string, question: Message, why: string): void {
    this.#drop(key, question)
    this.#answerWithError(question, why)
  }

  #answerWithError({ writtenId }: Message, why: string): void {
    this.#host.answer(errorFor(writtenId, new BridgeError('server_request_refused', why)))
  }

  #drop(key: string, question: Message): void {
    this.#open.delete(key)
    this.keptBytes -= question.byteLength
  }
}

/** The question without its id: a client answers it by key. */
function requestIn(question: Message): object {
  const { method, params } = recordOf(question.exactJson())
  return { method, params: params ?? {} }
}

function answerTo(question: Message, result: Members): Message {
  const message = Message.from({ jsonrpc: '2.0', id: 0, result })
  return message.rewrite([[message.envelope.id, question.writtenId]])
}
