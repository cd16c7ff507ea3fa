/**
 * Holds a source back while something downstream has no room. A sink closes the gate when it is full and opens it
 * when it has drained; a source waits at it between batches. Several sinks may share one: it is open when none holds it.
 */
export class Gate {
  private holds = 0
  private waiters: (() => void)[] = []
  private readonly followers = new Set<Gate>()

  /**
   * From now on whoever holds this gate holds another one too: that of an island that a part of this one has gone over to.
   * @returns a function that ends it
   */
  leadTo(other: Gate): () => void {
    this.followers.add(other)
    for (let hold = 0; hold < this.holds; hold++) other.close()
    return () => {
      if (!this.followers.delete(other)) return
      for (let hold = 0; hold < this.holds; hold++) other.open()
    }
  }

  close(): void {
    this.holds++
    for (const other of this.followers) other.close()
  }

  open(): void {
    for (const other of this.followers) other.open()
    if (--this.holds > 0) return
    const { waiters } = this
    this.waiters = []
    for (const wake of waiters) wake()
  }

  get isClosed(): boolean {
    return this.holds > 0
  }

  /** Resolves when the gate is open; undefined if it is. */
  wait(): Promise<void> | undefined {
    if (this.holds === 0) return undefined
    return new Promise((resolve) => this.waiters.push(resolve))
  }
}
