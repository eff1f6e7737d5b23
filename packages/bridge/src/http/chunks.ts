// http/chunks: the pieces of a body; many small ones are joined.

/** Beyond this many, small chunks are joined: each costs some hundred bytes besides its content. */
const FEW_CHUNKS = 16
const BLOCK_BYTES = 64 * 1024

/** Bytes in the order they came. */
export class Chunks {
  #chunks: Buffer[] = []
  #block: Buffer | undefined
  #filled = 0

  add(chunk: Buffer): void {
    if (this.#chunks.length < FEW_CHUNKS || chunk.length > BLOCK_BYTES / 4) {
      this.#flush()
      this.#chunks.push(chunk)
      return
    }
    if (this.#block !== undefined && this.#filled + chunk.length > BLOCK_BYTES) this.#flush()
    this.#block ??= Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#filled += chunk.copy(this.#block, this.#filled)
  }

  all(): Buffer[] {
    this.#flush()
    return this.#chunks
  }

  clear(): void {
    this.#chunks = []
    this.#block = undefined
  }

  #flush(): void {
    if (this.#block !== undefined) this.#chunks.push(this.#block.subarray(0, this.#filled))
    this.#block = undefined
    this.#filled = 0
  }
}
