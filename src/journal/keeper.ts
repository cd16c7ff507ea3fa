import type { Worker } from 'node:worker_threads'
import { startWorker } from './event-log.ts'
import type { JournalSettings } from './options.ts'
import { retain } from './retention.ts'
import { listSnapshots } from './snapshot-file.ts'

/** What the keeper's thread is asked. */
export interface KeeperRequest {
  readonly sequence: number
  readonly stages: ReadonlyMap<string, Uint8Array>
}

/** What it answers. */
export interface KeeperAnswer {
  readonly sequence: number
  readonly seconds: number
  readonly problem: string | undefined
}

/**
 * Looks after a journal that is in use, from a thread of its own: takes snapshots, indexes events and drops what is no longer
 * wanted. A snapshot is taken of an engine that follows the log, so the one that works never stands still for it; and
 * each is a rehearsal of a recovery.
 */
export class Keeper {
  isBusy: boolean
  snapshots: number
  lastSnapshot: number
  /** What went wrong last; the journal itself is not harmed by it. */
  problem: string | undefined
  private readonly settings: JournalSettings
  private worker: Worker | undefined
  private waiting: (() => void)[]

  constructor(settings: JournalSettings) {
    this.isBusy = false
    this.snapshots = 0
    this.lastSnapshot = listSnapshots(settings.dir)[0]?.sequence ?? 0
    this.problem = undefined
    this.settings = settings
    this.worker = undefined
    this.waiting = []
  }

  /** Has a snapshot taken of the state behind a sequence that is in the log. */
  takeSnapshot(sequence: number, stages: ReadonlyMap<string, Uint8Array>): void {
    this.isBusy = true
    // What stages gave is not used here any more: memory of its own goes over without a copy.
    const memory = [...stages.values()]
      .map(({ buffer }) => buffer)
      .filter((buffer) => buffer instanceof ArrayBuffer)
    this.thread().postMessage({ sequence, stages } satisfies KeeperRequest, [...new Set(memory)])
  }

  /** Drops what is not to be kept. */
  tidy(): void {
    const { dir, keepSnapshots, retain: options } = this.settings
    retain(dir, keepSnapshots, options, Date.now())
  }

  /** Starts the thread before it is first needed. */
  start(): void {
    this.thread()
  }

  /** Ends the thread; what it was at is left, and is made again when it is wanted. */
  async close(): Promise<void> {
    await this.worker?.terminate()
    this.worker = undefined
  }

  /** Resolves when what was asked for is done. */
  settled(): Promise<void> {
    if (!this.isBusy) return Promise.resolve()
    this.worker?.ref()
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  private rest(): void {
    const { waiting } = this
    this.isBusy = false
    this.waiting = []
    // Told when the answer has been taken in.
    queueMicrotask(() => waiting.forEach((wake) => wake()))
  }

  private thread(): Worker {
    if (this.worker !== undefined) return this.worker
    const worker = startWorker('keeper-worker', this.settings)
    worker.on('message', ({ sequence, problem }: KeeperAnswer) => {
      this.rest()
      this.problem = problem
      if (problem !== undefined) return
      this.snapshots++
      this.lastSnapshot = sequence
    })
    worker.on('error', (error) => {
      this.rest()
      this.problem = String(error)
      this.worker = undefined
    })
    worker.unref()
    this.worker = worker
    return worker
  }
}
