import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'

/** Notes every garbage collection of this process from here on, on the clock of `performance.now()`. */
export class Collections {
  readonly seen: { readonly startTime: number; readonly duration: number }[] = []

  constructor() {
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) this.seen.push({ startTime, duration })
    }).observe({ entryTypes: ['gc'] })
  }

  /** Those since the last call are told in the turns of the event loop that follow: waits for them. Returns how many. */
  async settle(): Promise<number> {
    for (let turn = 0; turn < 3; turn++) await setImmediate()
    return this.seen.length
  }

  /** Milliseconds of collection within a stretch of time. */
  within(from: number, to: number): number {
    return this.seen.reduce(
      (sum, { startTime, duration }) =>
        sum + Math.max(0, Math.min(to, startTime + duration) - Math.max(from, startTime)),
      0,
    )
  }
}
