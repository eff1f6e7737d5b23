// linked-list: what is under way, in order, each to be taken out at any time.

/** A place in a list; whoever has it can take its value out. */
export interface ListNode<T> {
  readonly value: T
  list: LinkedList<T> | undefined
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
    const node: ListNode<T> = { value, list: this, previous, next: undefined }
    if (previous === undefined) this.#first = node
    else previous.next = node
    this.#last = node
    this.#size++
    return node
  }

  has(node: ListNode<T> | undefined): boolean {
    return node?.list === this
  }

  /** False if it is not in here, or not any more. */
  delete(node: ListNode<T> | undefined): boolean {
    if (node?.list !== this) return false
    const { previous, next } = node
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    this.#size--
    // Clear the links, so that a removed node retains nothing.
    node.list = node.previous = node.next = undefined
    return true
  }

  /** All at this moment, oldest first: what is added or taken out meanwhile changes nothing. */
  values(): T[] {
    const values: T[] = []
    for (let node = this.#first; node !== undefined; node = node.next) values.push(node.value)
    return values
  }
}
