import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { Batch, RECORD_WORDS } from '../../book/index.ts'
import { MappedFileError } from '../../memory/mapped-file.ts'
import {
  CLOSED,
  openRingWriter,
  SHARED_RING_RECORDS,
  type SharedRingWriter,
} from '../../memory/ring/index.ts'
import { MAX_CAPACITY } from '../../memory/ring/layout.ts'
import { Codec, numberBetween, options, text, wholeNumber } from '../../pipeline/codec.ts'
import type { Gate } from '../../pipeline/gate.ts'
import type { Market } from '../../pipeline/market.ts'
import type { RecordKind, ReportSection, Step, StepFailure } from '../../pipeline/operator.ts'
import * as t from 'io-ts'
import { thousands } from '../../telemetry/text-table.ts'
import { contentsFault, contentsOf } from '../shm/contents.ts'

/** A power of two, as positions in a ring are taken modulo its capacity. */
const capacity = new Codec<number>(
  `a power of two up to ${MAX_CAPACITY}`,
  (value, context) => {
    const isPower = Number.isInteger(value) && ((value as number) & ((value as number) - 1)) === 0
    return isPower
      ? wholeNumber({ min: 1, max: MAX_CAPACITY }).validate(value, context)
      : t.failure(value, context)
  },
  wholeNumber({ min: 1, max: MAX_CAPACITY }).shape,
)

const DRAIN_SECONDS = 10

/** What a pipeline file says under `to: { shm: ... }`. */
export const shmSinkOptions = options(
  { file: text.describe("The ring's file, made if it is not there.") },
  {
    capacity: capacity.describe('Records that the ring holds, a power of two.', {
      default: SHARED_RING_RECORDS,
    }),
    drainSeconds: numberBetween(0, 86_400).describe(
      'How long, at the end, the reader may take for what the ring had no room for.',
      { default: DRAIN_SECONDS },
    ),
  },
)

export interface ShmSinkOptions {
  /** The ring's file, made if it is not there. */
  readonly file: string
  /** Records that it holds: 65,536 unless told otherwise. */
  readonly capacity?: number | undefined
  /** How long, at the end, the reader may take for what the ring had no room for. */
  readonly drainSeconds?: number | undefined
}

/** Opens the writing end of a ring that another process reads. Gives the step, or a message that names the file. */
export function openShmSink(
  market: Market,
  kind: RecordKind,
  { file, capacity: records = SHARED_RING_RECORDS, drainSeconds = DRAIN_SECONDS }: ShmSinkOptions,
): TE.TaskEither<string, ShmSink> {
  return async () => {
    try {
      const ring = await openRingWriter(file, records)
      const contents = contentsOf(kind, market.instruments)
      const fault = ring.ring.depth() > 0 ? contentsFault(ring.contents, contents) : undefined
      if (fault !== undefined) {
        await ring.close()
        return E.left(`${file}: holds records that nobody has read, and ${fault}`)
      }
      ring.contents.set(contents)
      return E.right(new ShmSink(ring, market.gate, drainSeconds))
    } catch (error) {
      if (error instanceof MappedFileError) return E.left(error.message)
      throw error
    }
  }
}

/**
 * Records on their way to another process. They go into the ring as they come and are published when the batch is
 * through. What there is no room for waits here, a batch of it at most, because meanwhile the sink holds the gate and so
 * the source.
 */
export class ShmSink implements Step {
  /** Resolves if the reader has broken the stream off; what is written afterwards goes nowhere. */
  readonly failed: Promise<StepFailure>
  private readonly ring: SharedRingWriter
  private readonly gate: Gate
  private readonly drainSeconds: number
  private readonly waiting: Batch
  /** Of those that wait, how many have gone. */
  private gone: number
  private records: number
  private stalls: number
  private isDraining: boolean
  private drained: Promise<void>
  private isOver: boolean
  private said: ReportSection | undefined
  private fail: (failure: StepFailure) => void

  constructor(ring: SharedRingWriter, gate: Gate, drainSeconds: number) {
    this.ring = ring
    this.gate = gate
    this.drainSeconds = drainSeconds
    this.waiting = new Batch()
    this.gone = 0
    this.records = 0
    this.stalls = 0
    this.isDraining = false
    this.drained = Promise.resolve()
    this.isOver = false
    this.said = undefined
    this.fail = () => {}
    this.failed = new Promise((resolve) => {
      this.fail = resolve
    })
  }

  process(words: Int32Array, at: number): void {
    this.records++
    const { waiting } = this
    if (waiting.count === 0 && this.ring.side.put(words, at / RECORD_WORDS, 1) === 1) return
    if (waiting.count === waiting.capacity) waiting.grow()
    const into = waiting.count * RECORD_WORDS
    for (let i = 0; i < RECORD_WORDS; i++) waiting.words[into + i] = words[at + i]!
    waiting.count++
  }

  flush(): void {
    this.ring.side.publish(monotonicUs())
    if (this.waiting.count > 0 && !this.isDraining) this.drained = this.drain()
  }

  /** Asked for when the ring is closed and its memory gone: what there is to say is put down before. */
  report(): ReportSection {
    this.said ??= this.summary()
    return this.said
  }

  /** Ends the stream once all that was written is in the ring. Rejects if the reader does not make room for it in time. */
  async close(): Promise<void> {
    const { ring } = this
    if (this.isDraining) {
      const timer = setTimeout(() => this.giveUp(), this.drainSeconds * 1e3)
      await this.drained
      clearTimeout(timer)
    }
    const left = this.waiting.count - this.gone
    if (left === 0) ring.side.end()
    const reader = ring.peer
    this.said = this.summary()
    await ring.close()
    if (left > 0)
      throw new Error(
        `${ring.path}: ${thousands(left)} records found no room in ${this.drainSeconds} s (the reader is ${reader})`,
      )
  }

  private summary(): ReportSection {
    const { ring, records, stalls } = this
    const figures = {
      file: ring.path,
      records,
      stalls,
      highWater: ring.ring.highWater(),
      opened: ring.comings,
    }
    return {
      title: 'shm-out',
      lines: [
        `${ring.path}: ${thousands(records)} records written, ${thousands(figures.highWater)} waiting at most, held back ${thousands(stalls)} times`,
      ],
      figures,
    }
  }

  private giveUp(): void {
    this.isOver = true
    this.ring.stopWaiting()
  }

  private async drain(): Promise<void> {
    const { ring, waiting } = this
    this.isDraining = true
    this.gate.close()
    this.stalls++
    for (;;) {
      const left = waiting.count - this.gone
      const written = ring.side.write(waiting.words, this.gone, left, monotonicUs())
      if (written === CLOSED) {
        this.fail({ message: `${ring.path}: the reader has broken off`, isQuiet: false })
        break
      }
      this.gone += written
      if (this.gone === waiting.count) break
      // Not for a single record: each waking costs both sides more than many records do.
      await ring.untilRoom(Math.min(waiting.count - this.gone, ring.side.capacity >> 1 || 1))
      if (this.isOver) return
    }
    waiting.count = 0
    this.gone = 0
    this.isDraining = false
    this.gate.open()
  }
}

/** The same clock in all processes of a machine. */
function monotonicUs(): number {
  const [seconds, ns] = process.hrtime()
  return seconds * 1e6 + ns / 1e3
}
