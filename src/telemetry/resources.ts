import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'

/** What a process uses of its machine; counts and times since it began, but for the event loop's delay. */
export interface ResourceSample {
  /** Processor time, user and system. */
  readonly cpuNs: number
  readonly residentBytes: number
  readonly heapUsedBytes: number
  /** Typed arrays and shared memory: where a book lives. */
  readonly arrayBufferBytes: number
  readonly gc: GcSample
  /** How late timers came since the last sample. */
  readonly loopDelay: LoopDelay
}

export interface GcSample {
  readonly pauses: number
  readonly pausedNs: number
  readonly longestNs: number
  /** Pauses of full collections alone. */
  readonly majorPauses: number
}

export interface LoopDelay {
  readonly p50Ns: number
  readonly p99Ns: number
  readonly maxNs: number
}

interface GcEntry {
  /** Milliseconds. */
  readonly duration: number
  readonly detail: { readonly kind: number }
}

const LOOP_RESOLUTION_MS = 10
const LOOP_RESOLUTION_NS = LOOP_RESOLUTION_MS * 1e6

/** Watches what this process uses. Costs nothing on the path of an order: the system counts, and this reads. */
export class Resources {
  private readonly loop: ReturnType<typeof monitorEventLoopDelay>
  private readonly collections: PerformanceObserver
  private pauses: number
  private majorPauses: number
  private pausedNs: number
  private longestNs: number

  constructor() {
    this.pauses = 0
    this.majorPauses = 0
    this.pausedNs = 0
    this.longestNs = 0
    this.loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
    this.loop.enable()
    this.collections = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) this.collected(entry as unknown as GcEntry)
    })
    this.collections.observe({ entryTypes: ['gc'] })
  }

  sample(): ResourceSample {
    const { user, system } = process.cpuUsage()
    const memory = process.memoryUsage()
    const { loop } = this
    // The histogram holds whole intervals: what is beyond the interval that was asked for is the delay.
    const late = (ns: number): number => Math.max(0, ns - LOOP_RESOLUTION_NS)
    const isEmpty = loop.count === 0
    const loopDelay = {
      p50Ns: isEmpty ? 0 : late(loop.percentile(50)),
      p99Ns: isEmpty ? 0 : late(loop.percentile(99)),
      maxNs: isEmpty ? 0 : late(loop.max),
    }
    loop.reset()
    return {
      cpuNs: (user + system) * 1e3,
      residentBytes: memory.rss,
      heapUsedBytes: memory.heapUsed,
      arrayBufferBytes: memory.arrayBuffers,
      gc: {
        pauses: this.pauses,
        pausedNs: this.pausedNs,
        longestNs: this.longestNs,
        majorPauses: this.majorPauses,
      },
      loopDelay,
    }
  }

  close(): void {
    this.loop.disable()
    this.collections.disconnect()
  }

  private collected({ duration, detail }: GcEntry): void {
    const ns = duration * 1e6
    this.pauses++
    this.pausedNs += ns
    this.longestNs = Math.max(this.longestNs, ns)
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) this.majorPauses++
  }
}
