import type { Task } from './task.ts'

/** How long batches may follow one another before timers, signals and sockets get their turn. */
const TURN_MS = 8

/**
 * Gives islands of one thread their turns, a few batches each, those at the end of the stream first: what is under way leaves
 * before more comes in, and nobody waits for more than one batch of everyone else. With nothing to do it waits to be
 * woken; there is no polling.
 */
export class Scheduler {
  private readonly tasks: readonly Task[]
  private isWoken: boolean
  private resume: () => void
  private isCut: boolean
  /** Called when nobody has anything to do. */
  onQuiet: () => void

  /** @param tasks each before those that feed it */
  constructor(tasks: readonly Task[]) {
    this.onQuiet = () => {}
    this.tasks = tasks
    this.isWoken = false
    this.resume = () => {}
    this.isCut = false
  }

  /** There may be something to do. */
  readonly wake = (): void => {
    this.isWoken = true
    this.resume()
  }

  /** Ends the run between two batches, whatever is left. */
  cut(): void {
    this.isCut = true
    this.wake()
  }

  /** Resolves when all islands have ended, or at a cut. Rejects with what an island threw. */
  async run(): Promise<void> {
    await Promise.resolve()
    let nowMs = performance.now()
    let turnEndsMs = nowMs + TURN_MS
    while (!this.isCut && this.tasks.some((task) => !task.isEnded)) {
      this.isWoken = false
      const before = nowMs
      nowMs = this.pass(nowMs)
      if (nowMs === before) this.onQuiet()
      if (nowMs === before && !this.isWoken) {
        await new Promise<void>((resolve) => {
          this.resume = resolve
        })
        this.resume = () => {}
      }
      if (nowMs === before) nowMs = performance.now()
      if (nowMs < turnEndsMs) continue
      await new Promise(setImmediate)
      nowMs = performance.now()
      turnEndsMs = nowMs + TURN_MS
    }
  }

  /** One batch for everyone who has one. Returns the time, unchanged if nobody had. */
  private pass(nowMs: number): number {
    let time = nowMs
    for (const task of this.tasks) {
      if (task.isEnded) continue
      // What is behind a source gets more than one batch: it may be given more records than it takes in one.
      const most = task.isSource ? 1 : MOST_BATCHES
      for (let batches = 0; batches < most && !task.isEnded && !this.isCut; batches++) {
        const after = task.run(time)
        if (after === 0) break
        // Time must be seen to pass, or what was done would look like nothing.
        time = after > time ? after : time + MIN_STEP_MS
      }
      if (this.isCut) break
    }
    return time
  }
}

const MIN_STEP_MS = 1e-6
const MOST_BATCHES = 16
