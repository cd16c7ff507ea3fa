/**
 * Keeps a model that fails from being asked: after so many failures in a row it is left alone for a number of orders,
 * then asked once; that answer closes the breaker, another failure opens it anew. It counts orders, not time, so a
 * replay opens it where the run did.
 */
export class ModelBreaker {
  /** How often it has opened. */
  opened: number
  private readonly failures: number
  private readonly coolDown: number
  private inARow: number
  private left: number

  constructor(failures: number, coolDownOrders: number) {
    this.failures = failures
    this.coolDown = coolDownOrders
    this.opened = 0
    this.inARow = 0
    this.left = 0
  }

  /** Whether the model may be asked for this order. Counts the order. */
  lets(): boolean {
    if (this.left === 0) return true
    this.left--
    return false
  }

  get isOpen(): boolean {
    return this.left > 0
  }

  failed(): void {
    if (++this.inARow < this.failures) return
    this.opened++
    this.left = this.coolDown
    // One more failure is enough once it is asked again.
    this.inARow = this.failures - 1
  }

  succeeded(): void {
    this.inARow = 0
  }
}
