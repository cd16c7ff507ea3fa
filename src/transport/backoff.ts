/** How long to wait before the next try, in milliseconds: doubling from `firstMs` to `mostMs`. */
export class Backoff {
  private readonly firstMs: number
  private readonly mostMs: number
  private readonly random: () => number
  private tries: number

  constructor(firstMs: number, mostMs: number, random: () => number = Math.random) {
    this.firstMs = firstMs
    this.mostMs = mostMs
    this.random = random
    this.tries = 0
  }

  /** Between half of the step and all of it, so that many clients of one server do not come back at once. */
  next(): number {
    const step = Math.min(this.mostMs, this.firstMs * 2 ** Math.min(this.tries++, 30))
    return Math.round(step * (0.5 + this.random() / 2))
  }

  /** It worked: the next failure begins at the first step again. */
  reset(): void {
    this.tries = 0
  }
}
