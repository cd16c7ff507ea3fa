/**
 * Holds a source back while something downstream has no room. A sink closes the gate when it is full and opens it
 * when it has drained; a source waits at it between batches. Several sinks may share one: it is open when none holds it.
 */
export class Gate {
  private holds = 0
  private waiters: (() => void)[] = []

  close(): void {
    this.holds++
  }

  open(): void {
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
