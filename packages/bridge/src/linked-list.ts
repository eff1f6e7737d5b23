// linked-list: what is under way, in order, each to be taken out at any time.

/** A place in a chain; whoever has it can take its value out. */
export interface ListNode<T> {
  readonly value: T
  chain: LinkedList<T> | undefined
  previous: ListNode<T> | undefined
  next: ListNode<T> | undefined
}

/**
 * For whatever changes with each call, in place of a Set or a Map. Those are laid out anew after every few changes, and
 * each layout refers to the one after it: once V8 has moved one to its old generation, all later ones stay with
 * whatever they held, messages included, until the next full collection.
 */
export class LinkedList<T> {
  #first: ListNode<T> | undefined
  #last: ListNode<T> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): ListNode<T> | undefined {
    return this.#first
  }

  add(value: T): ListNode<T> {
    const previous = this.#last
    const link: ListNode<T> = { value, chain: this, previous, next: undefined }
    if (previous === undefined) this.#first = link
    else previous.next = link
    this.#last = link
    this.#size++
    return link
  }

  has(link: ListNode<T> | undefined): boolean {
    return link?.chain === this
  }

  /** False if it is not in here, or not any more. */
  delete(link: ListNode<T> | undefined): boolean {
    if (link?.chain !== this) return false
    const { previous, next } = link
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    this.#size--
    // What is out refers to nothing that is in.
    link.chain = link.previous = link.next = undefined
    return true
  }

  /** All at this moment, oldest first: what is added or taken out meanwhile changes nothing. */
  values(): T[] {
    const values: T[] = []
    for (let link = this.#first; link !== undefined; link = link.next) values.push(link.value)
    return values
  }
}
