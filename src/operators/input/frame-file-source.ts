import { existsSync } from 'node:fs'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Batch } from '../../book/index.ts'
import { options, text, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Source, StageProblem } from '../../pipeline/operator.ts'
import { framesOf, readFrameFiles, type FileFrame } from '../../transport/file/frame-files.ts'
import { FrameKind } from '../../transport/frame.ts'
import { FrameInbox } from '../../transport/frame-inbox.ts'
import { Arrivals } from './arrivals.ts'
import { systemProblem } from './system-error.ts'

const CAPACITY = 65_536

/** What a stage says under `from: { file: ... }`. */
export interface FrameFileSourceOptions {
  /** One file of frames, or the path of numbered ones; packed where it ends in `.gz`. */
  readonly path: string
  readonly capacity?: number | undefined
}

export const frameFileSourceOptions = options(
  { path: text.describe('A file of frames, or the name of numbered ones.') },
  { capacity: wholeNumber({ min: 1_024, max: 4_194_304 }).describe('Records that may wait.') },
).describe('Files of frames.')

export function openFrameFileSource(
  market: Market,
  given: FrameFileSourceOptions,
): TE.TaskEither<StageProblem, Source> {
  const { path } = given
  return TE.tryCatch(
    async () => {
      const files = existsSync(path) ? [path] : framesOf(path)
      if (files.length === 0) throw new Error('no such file, and none that is numbered')
      return new FrameFileSource(market, files, given)
    },
    (error): StageProblem => ({
      path: ['from', 'file', 'path'],
      message: `${path}: ${systemProblem(error)}`,
    }),
  )
}

/** Commands from files of frames. A frame is read when there is room for it. */
export class FrameFileSource implements Source {
  private readonly frames: AsyncGenerator<FileFrame>
  private readonly files: readonly string[]
  private readonly arrivals: Arrivals
  private readonly inbox: FrameInbox
  private isOver: boolean

  constructor(market: Market, files: readonly string[], { capacity = CAPACITY }: FrameFileSourceOptions) {
    this.files = files
    this.frames = readFrameFiles(files)
    this.arrivals = new Arrivals(market, capacity)
    this.inbox = new FrameInbox(FrameKind.commands, capacity)
    this.isOver = false
  }

  pull(batch: Batch, upTo: number): boolean {
    this.arrivals.pull(batch, upTo)
    return !(this.isOver && this.arrivals.isEmpty)
  }

  /** Reads until something waits, or the files are over. */
  async ready(): Promise<void> {
    while (!this.isOver && this.arrivals.isEmpty) {
      const { done, value } = await this.frames.next()
      if (done === true) this.isOver = true
      else this.take(value)
    }
  }

  stop(): void {
    this.isOver = true
  }

  async close(): Promise<void> {
    this.stop()
    await this.frames.return(undefined)
  }

  report(): ReportSection {
    const { counts } = this.inbox
    const { frames, records, badFrames, bad, setAside } = counts
    return {
      title: 'file',
      lines: [
        `${records} records in ${frames} frames of ${this.files.length} files, ${badFrames} bad ones set aside`,
      ],
      figures: { files: this.files.length, frames, records, badFrames, bad, setAside },
    }
  }

  private take({ bytes }: FileFrame): void {
    const { arrivals, inbox } = this
    if (!inbox.open(bytes)) return
    inbox.took(inbox.reader.count)
    arrivals.pushRecords(bytes, inbox.reader.recordsAt, inbox.reader.count)
  }
}
