/** A timer that has been set. */
interface VirtualTimer {
  readonly call: () => void
  readonly everyMs: number | undefined
  dueMs: number
  isRef: boolean
  order: number
}

/** What is replaced while time is virtual, as it was. */
interface RealTime {
  readonly setTimeout: typeof setTimeout
  readonly clearTimeout: typeof clearTimeout
  readonly setInterval: typeof setInterval
  readonly clearInterval: typeof clearInterval
  readonly Date: DateConstructor
  readonly now: () => number
}

type Callback = (...args: unknown[]) => void

/** Where `performance.now()` begins: above 0, for a time of 0 is nothing in many a place. */
const FIRST_MS = 1_000
/** Turns of the event loop without anything happening after which nothing more is taken to happen by itself. */
const QUIET_TURNS = 4

/**
 * Time that a test drives. While it is installed, timers, `Date` and `performance.now()` of the whole process are its
 * own: of the pipeline, of RxJS, of plugins. Promises and files go on as they are; time moves on only when nothing else
 * does, to the next timer, so a run takes no longer than its work and is the same each time.
 *
 * One at a time; not covered are `node:timers/promises`, `AbortSignal.timeout` and other threads.
 */
export class VirtualTime {
  /** Since it began. */
  elapsedMs: number
  private readonly startMs: number
  private readonly timers = new Map<number, VirtualTimer>()
  private nextId: number
  private real: RealTime | undefined

  /** @param startMs what `Date.now()` begins with: milliseconds since 1970 */
  constructor(startMs: number) {
    this.elapsedMs = 0
    this.startMs = startMs
    this.nextId = 1
    this.real = undefined
  }

  install(): void {
    if (isInstalled) throw new Error('time is virtual already: one test at a time')
    isInstalled = true
    const { performance } = globalThis
    this.real = {
      setTimeout: globalThis.setTimeout,
      clearTimeout: globalThis.clearTimeout,
      setInterval: globalThis.setInterval,
      clearInterval: globalThis.clearInterval,
      Date: globalThis.Date,
      now: performance.now.bind(performance),
    }
    const clear = ((timer: unknown) => this.clear(timer)) as typeof clearTimeout
    Object.assign(globalThis, {
      setTimeout: (call: Callback, ms?: number, ...args: unknown[]) =>
        this.set(() => call(...args), ms, false),
      setInterval: (call: Callback, ms?: number, ...args: unknown[]) =>
        this.set(() => call(...args), ms, true),
      clearTimeout: clear,
      clearInterval: clear,
      Date: virtualDate(this.real.Date, () => this.startMs + this.elapsedMs),
    })
    performance.now = () => FIRST_MS + this.elapsedMs
  }

  uninstall(): void {
    if (this.real === undefined) return
    const { now: _, ...globals } = this.real
    Object.assign(globalThis, globals)
    // The method of the prototype is there again.
    delete (globalThis.performance as { now?: unknown }).now
    this.timers.clear()
    this.real = undefined
    isInstalled = false
  }

  /** Milliseconds that really go by, for who must not wait for ever. */
  realNowMs(): number {
    return this.real === undefined ? performance.now() : this.real.now()
  }

  /** Resolves when promises and files have come to rest: what is left waits for time to pass. */
  async quiet(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS;) {
      await new Promise(setImmediate)
      turns = isReadingOrWriting() ? 0 : turns + 1
    }
  }

  /**
   * Moves on to the next timer and calls it, and all others that are due then.
   * @returns false if there is none that anyone waits for
   */
  advance(): boolean {
    if (![...this.timers.values()].some(({ isRef }) => isRef)) return false
    const dueMs = Math.min(...[...this.timers.values()].map((timer) => timer.dueMs))
    this.elapsedMs = Math.max(this.elapsedMs, dueMs)
    const due = [...this.timers]
      .filter(([, timer]) => timer.dueMs <= this.elapsedMs)
      .sort(([, a], [, b]) => a.dueMs - b.dueMs || a.order - b.order)
    for (const [id, timer] of due) {
      if (!this.timers.has(id)) continue // another that was due has cleared it
      if (timer.everyMs === undefined) this.timers.delete(id)
      else timer.dueMs += timer.everyMs
      timer.call()
    }
    return true
  }

  private set(call: () => void, ms: number | undefined, isRepeated: boolean): object {
    const id = this.nextId++
    const afterMs = Math.max(1, Number.isFinite(Number(ms)) ? Number(ms) : 1)
    const timer: VirtualTimer = {
      call,
      everyMs: isRepeated ? afterMs : undefined,
      dueMs: this.elapsedMs + afterMs,
      isRef: true,
      order: id,
    }
    this.timers.set(id, timer)
    return new Handle(id, timer, (due) => {
      timer.dueMs = this.elapsedMs + afterMs
      if (due) this.timers.set(id, timer)
      else this.timers.delete(id)
    })
  }

  private clear(timer: unknown): void {
    if (timer instanceof Handle) this.timers.delete(timer.id)
    else if (typeof timer === 'number') this.timers.delete(timer)
    // One that was set before time was virtual.
    else this.real?.clearTimeout(timer as NodeJS.Timeout)
  }
}

/** What stands for a timer, with the methods that Node's have. */
class Handle {
  readonly id: number
  private readonly timer: VirtualTimer
  private readonly put: (isSet: boolean) => void

  constructor(id: number, timer: VirtualTimer, put: (isSet: boolean) => void) {
    this.id = id
    this.timer = timer
    this.put = put
  }

  ref(): this {
    this.timer.isRef = true
    return this
  }

  unref(): this {
    this.timer.isRef = false
    return this
  }

  hasRef(): boolean {
    return this.timer.isRef
  }

  refresh(): this {
    this.put(true)
    return this
  }

  close(): this {
    this.put(false)
    return this
  }

  [Symbol.toPrimitive](): number {
    return this.id
  }

  [Symbol.dispose](): void {
    this.put(false)
  }
}

let isInstalled = false

function virtualDate(Real: DateConstructor, now: () => number): DateConstructor {
  return class VirtualDate extends Real {
    constructor(...args: []) {
      if (args.length === 0) super(now())
      else super(...args)
    }

    static override now(): number {
      return now()
    }
  } as DateConstructor
}

/** Whether the system is at work for someone in this process, whose answer will come by itself. */
function isReadingOrWriting(): boolean {
  return process
    .getActiveResourcesInfo()
    .some((name) => /^FS|CloseReq$|^GETADDRINFO|^ZLIB|^RANDOMBYTES/.test(name))
}
