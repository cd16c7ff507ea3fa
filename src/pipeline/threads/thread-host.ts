import { Worker } from 'node:worker_threads'
import type { RunReport } from '../execution/run-options.ts'
import type { PipelineStats } from '../../telemetry/pipeline-stats.ts'
import type { Problem } from '../problem.ts'
import type { Answer, Order, ThreadData } from './protocol.ts'
import { readText } from './shared-text.ts'

/** How a thread was set up. */
export type SetUp = { readonly stdoutTaken: boolean } | { readonly problems: readonly Problem[] }

/** One more thread of a pipeline, seen from the main one. */
export class ThreadHost {
  readonly name: string
  /** What came of setting it up. Rejects if the thread died of it. */
  readonly setUp: Promise<SetUp>
  /** What its run was. Rejects with what failed, or that the thread is no more. */
  readonly ended: Promise<RunReport>
  private readonly worker: Worker
  private readonly memory: SharedArrayBuffer
  private report: RunReport | undefined
  private isClosing: boolean

  constructor(data: ThreadData, onWarning: (message: string) => void) {
    this.name = data.thread
    this.memory = data.stats
    this.report = undefined
    this.isClosing = false
    // Built code is JavaScript, a checkout TypeScript: the thread's file is of the same kind as this one.
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
    this.worker = new Worker(new URL(file, import.meta.url), { workerData: data, name: data.thread })
    this.setUp = new Promise((resolve, reject) => {
      this.worker.on('message', (answer: Answer) => {
        if (answer.tell === 'ready') resolve({ stdoutTaken: answer.stdoutTaken })
        if (answer.tell === 'problems') resolve({ problems: answer.problems })
        if (answer.tell === 'warning') onWarning(answer.message)
      })
      this.onDeath(reject)
    })
    this.ended = new Promise((resolve, reject) => {
      this.worker.on('message', (answer: Answer) => {
        if (answer.tell === 'failed') reject(failure(answer.message, answer.stack))
        if (answer.tell !== 'report') return
        this.report = answer.report
        resolve(answer.report)
      })
      this.onDeath(reject)
    })
    // Whoever waits for them is told; that nobody does yet is no fault.
    this.setUp.catch(() => {})
    this.ended.catch(() => {})
  }

  run(): void {
    this.tell({ tell: 'run' })
  }

  stop(): void {
    this.tell({ tell: 'stop' })
  }

  /** How its islands and edges are: as it said last, some time ago. */
  stats(): PipelineStats | undefined {
    if (this.report !== undefined) return this.report.stats
    const text = readText(this.memory)
    return text === undefined ? undefined : (JSON.parse(text) as PipelineStats)
  }

  /** Ends the thread: by itself if it can, whatever it does if it must. */
  async close(isSound: boolean): Promise<void> {
    this.isClosing = true
    if (!isSound) return void (await this.worker.terminate())
    const gone = new Promise((resolve) => this.worker.once('exit', resolve))
    this.tell({ tell: 'close' })
    const late = setTimeout(() => void this.worker.terminate(), CLOSE_MS)
    await gone
    clearTimeout(late)
  }

  private tell(order: Order): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.worker.postMessage(order)
  }

  private onDeath(reject: (error: Error) => void): void {
    this.worker.once('error', (error) => {
      reject(
        new Error(
          `the thread ${this.name} failed: ${error instanceof Error ? error.message : String(error)}`,
        ),
      )
    })
    this.worker.once('exit', (code) => {
      if (!this.isClosing)
        reject(new Error(`the thread ${this.name} ended in the middle of the run, with code ${code}`))
    })
  }
}

/** A thread that does not end by itself in this time is ended. */
const CLOSE_MS = 2_000

function failure(message: string, stack: string | undefined): Error {
  const error = new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
