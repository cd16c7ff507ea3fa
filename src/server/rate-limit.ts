/** Requests a second of each caller, by a token bucket: a burst of one second's worth, then the rate. */
export class RateLimit {
  private readonly perSecond: number
  private readonly buckets: Map<string, { tokens: number; atMs: number }>
  private readonly now: () => number

  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.perSecond = perSecond
    this.buckets = new Map()
    this.now = now
  }

  /** Whether a caller may make one more request now. */
  take(caller: string): boolean {
    const atMs = this.now()
    const bucket = this.buckets.get(caller) ?? { tokens: this.perSecond, atMs }
    this.buckets.set(caller, bucket)
    bucket.tokens = Math.min(this.perSecond, bucket.tokens + ((atMs - bucket.atMs) / 1e3) * this.perSecond)
    bucket.atMs = atMs
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }
}
