import type { Problem } from '../problem.ts'
import type { RunReport } from '../execution/run-options.ts'
import type { EdgeMemory } from './edge-memory.ts'

/** Where a thread has the definition from: a module that gives it, so that codecs and operators need not be sent. */
export interface DefinitionSource {
  /** Address of a module whose `definitionFor` takes `args` and gives a Definition, or rejects. */
  readonly module: string
  /** Plain values. */
  readonly args: unknown
}

/** What a thread is started with. */
export interface ThreadData {
  readonly thread: string
  readonly source: DefinitionSource
  /** Ids of all edges, to see that this thread has planned the same. */
  readonly planned: readonly string[]
  /** By id, those between threads. */
  readonly edges: Readonly<Record<string, EdgeMemory>>
  /** By thread; the main thread is the empty name. */
  readonly bells: Readonly<Record<string, SharedArrayBuffer>>
  readonly feed: SharedArrayBuffer
  readonly stats: SharedArrayBuffer
  readonly options: {
    readonly probeEvery?: number | undefined
    readonly batchRecords?: number | undefined
    readonly checkEvery?: number | undefined
    readonly drainTimeoutMs?: number | undefined
  }
}

/** From the main thread. */
export type Order = { readonly tell: 'run' } | { readonly tell: 'stop' } | { readonly tell: 'close' }

/** To the main thread. */
export type Answer =
  | { readonly tell: 'ready'; readonly stdoutTaken: boolean }
  | { readonly tell: 'problems'; readonly problems: readonly Problem[] }
  | { readonly tell: 'warning'; readonly message: string }
  | { readonly tell: 'report'; readonly report: RunReport }
  | { readonly tell: 'failed'; readonly message: string; readonly stack: string | undefined }

export const MAIN = ''
