export type BreakerState = 'closed' | 'open' | 'half-open'

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number
  readonly recoveryMs: number
  /** In milliseconds, rising. */
  readonly now?: (() => number) | undefined
}

/**
 * Keeps work away from what is broken (Nygard, 'Release It!', 2007). Closed, it lets all through and counts failures in
 * a row; at the threshold it opens and lets nothing through; after the recovery time it is half open and lets one try:
 * if that succeeds it closes, or else it opens again. Synchronous, and with a clock from outside.
 */
export class Breaker {
  state: BreakerState
  private readonly threshold: number
  private readonly recoveryMs: number
  private readonly now: () => number
  private failures: number
  private openedMs: number

  constructor({ failures, recoveryMs, now = () => performance.now() }: BreakerOptions) {
    this.state = 'closed'
    this.threshold = failures
    this.recoveryMs = recoveryMs
    this.now = now
    this.failures = 0
    this.openedMs = 0
  }

  /** Whether the next piece of work may be tried. Once it is half open, until the outcome is known only that one. */
  allows(): boolean {
    if (this.state === 'closed') return true
    if (this.state === 'half-open' || this.now() - this.openedMs < this.recoveryMs) return false
    this.state = 'half-open'
    return true
  }

  succeeded(): void {
    this.failures = 0
    this.state = 'closed'
  }

  failed(): void {
    this.failures++
    if (this.state === 'half-open' || this.failures >= this.threshold) {
      this.state = 'open'
      this.openedMs = this.now()
    }
  }
}
