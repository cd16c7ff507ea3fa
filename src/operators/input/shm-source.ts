import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Batch } from '../../book/index.ts'
import { MappedFileError } from '../../memory/mapped-file.ts'
import { CLOSED, openRingReader, type SharedRingReader } from '../../memory/ring/index.ts'
import { oneOf, options, text } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { RecordKind, ReportSection, Source } from '../../pipeline/operator.ts'
import { thousands } from '../../telemetry/text-table.ts'
import { contentsFault, contentsOf, type Contents } from '../shm/contents.ts'

/** What a pipeline file says under `from: { shm: ... }`; the kind may be said for whoever reads the file. */
const file = text.describe("The ring's file. Where it is not there yet, it is waited for.")
const kind = 'What the records are: there for who reads the pipeline file.'

export const shmCommandOptions = options({ file }, { kind: oneOf('command').describe(kind) })
export const shmEventOptions = options({ file }, { kind: oneOf('event').describe(kind) })

export interface ShmSourceOptions {
  /** The ring's file. Where it is not there yet, it is waited for. */
  readonly file: string
}

/** How often a file that is not there is looked for. */
const LOOK_MS = 50

/** Opens the reading end of a ring that another process writes. Gives the source, or a message that names the file. */
export function openShmSource(
  market: Market,
  kind: RecordKind,
  { file }: ShmSourceOptions,
): TE.TaskEither<string, ShmSource> {
  return async () => {
    const contents = contentsOf(kind, market.instruments)
    try {
      const ring = await openIfThere(file)
      const fault = ring === undefined ? undefined : contentsFault(ring.contents, contents)
      if (fault === undefined) return E.right(new ShmSource(file, ring, contents, kind === 'event'))
      await ring!.close()
      return E.left(`${file}: ${fault}`)
    } catch (error) {
      if (error instanceof MappedFileError) return E.left(error.message)
      throw error
    }
  }
}

/** Undefined where there is no such file yet. */
async function openIfThere(file: string): Promise<SharedRingReader | undefined> {
  try {
    return await openRingReader(file)
  } catch (error) {
    if (error instanceof MappedFileError && error.code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Records that come from another process. What was pulled stays in the ring until the next batch is asked for, when it has
 * been through: a process that is killed in between finds it there when it is started again.
 *
 * The stream ends when the writer has ended it. A writer that died is waited for.
 */
export class ShmSource implements Source {
  readonly isNumbered: boolean
  private readonly file: string
  private readonly contents: Contents
  private ring: SharedRingReader | undefined
  private records: number
  private isStopped: boolean
  private isAtEnd: boolean
  private said: ReportSection | undefined

  constructor(file: string, ring: SharedRingReader | undefined, contents: Contents, isNumbered: boolean) {
    this.isNumbered = isNumbered
    this.file = file
    this.contents = contents
    this.ring = ring
    this.records = 0
    this.isStopped = false
    this.isAtEnd = false
    this.said = undefined
  }

  pull(batch: Batch, upTo: number): boolean {
    const { ring } = this
    if (ring === undefined) return !this.isStopped
    if (batch.count === 0) ring.side.release()
    if (this.isStopped) return false
    const fault = contentsFault(ring.contents, this.contents)
    if (fault !== undefined) throw new Error(`${this.file}: ${fault}`)
    const count = ring.side.take(batch.words, upTo - batch.count, batch.count)
    if (count === CLOSED) {
      this.isAtEnd = true
      return false
    }
    batch.count += count
    this.records += count
    return true
  }

  async ready(): Promise<void> {
    if (this.ring !== undefined) return this.ring.untilRecords()
    while (!this.isStopped && this.ring === undefined) {
      const ring = await openIfThere(this.file)
      if (this.isStopped) return ring?.close()
      this.ring = ring
      if (ring === undefined)
        await new Promise((resolve) => {
          setTimeout(resolve, LOOK_MS)
        })
    }
  }

  stop(): void {
    this.isStopped = true
  }

  /** Asked for when the ring is closed and its memory gone: what there is to say is put down before. */
  report(): ReportSection {
    this.said ??= this.summary()
    return this.said
  }

  /** What was pulled last has been through, so it is released. */
  async close(): Promise<void> {
    const { ring } = this
    this.isStopped = true
    if (ring === undefined) return
    this.said = this.summary()
    ring.side.release()
    if (this.isAtEnd) ring.acknowledgeEnd()
    await ring.close()
  }

  private summary(): ReportSection {
    const { ring, file, records } = this
    const figures = { file, records, opened: ring?.comings ?? 0, ended: this.isAtEnd }
    return { title: 'shm-in', lines: [`${file}: ${thousands(records)} records read`], figures }
  }
}
