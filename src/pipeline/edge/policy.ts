import * as record from '../../book/record.ts'
import type { WhenFull } from '../graph/edge-settings.ts'
import type { RecordQueue } from './record-queue.ts'
import type { SpillFile } from './spill-file.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CLIENT, EventKind, HEAD, headKind, headSide, INSTRUMENT, ORDER_ID, PRICE_TICKS, readU64 } = record

/** What an edge does with records that it has no room for. */
export interface FullPolicy {
  /** Whether it is asked about every record, and not only about those that have no room. */
  readonly asksAlways: boolean
  /** Decides about a record. Returns whether it goes into the queue, over the capacity if need be. */
  admit(words: Int32Array, at: number): boolean
  /** What it has done so far, by name. */
  counts(): Readonly<Record<string, number>>
}

/** The run ends: an edge with the policy `error` is full. */
export class EdgeFullError extends Error {
  constructor(edge: string, capacityRecords: number) {
    super(`the edge ${edge} is full: ${capacityRecords} records wait, and its policy is error`)
    this.name = 'EdgeFullError'
  }
}

export interface PolicyParts {
  readonly edge: string
  readonly queue: RecordQueue
  readonly capacityRecords: number
  /** Told of a command that is refused. */
  readonly onReject: (words: Int32Array, at: number) => void
  readonly spill: SpillFile | undefined
}

export function policyOf(whenFull: WhenFull, parts: PolicyParts): FullPolicy {
  const { edge, queue, capacityRecords, onReject, spill } = parts
  if (whenFull.reject !== undefined) return new Reject(onReject)
  if (whenFull.dropNewest !== undefined) return new DropNewest()
  if (whenFull.dropOldest !== undefined) return new DropOldest(queue)
  if (whenFull.conflate !== undefined)
    return new Conflate(queue, capacityRecords, whenFull.conflate.by ?? 'kind')
  if (whenFull.sample !== undefined) return new Sample(queue, capacityRecords, whenFull.sample.every ?? 10)
  if (whenFull.error !== undefined) return new Fail(edge, capacityRecords)
  if (whenFull.spill !== undefined) return new Spill(queue, capacityRecords, spill!)
  return new Block()
}

/**
 * The writing island stops between batches. What the batch under way still makes goes over the capacity: how many
 * events a command causes is known only when it has.
 */
class Block implements FullPolicy {
  readonly asksAlways = false

  admit(): boolean {
    return true
  }

  counts(): Readonly<Record<string, number>> {
    return {}
  }
}

class Reject implements FullPolicy {
  readonly asksAlways = false
  private readonly onReject: (words: Int32Array, at: number) => void
  private rejected = 0

  constructor(onReject: (words: Int32Array, at: number) => void) {
    this.onReject = onReject
  }

  admit(words: Int32Array, at: number): boolean {
    this.rejected++
    this.onReject(words, at)
    return false
  }

  counts(): Readonly<Record<string, number>> {
    return { rejected: this.rejected }
  }
}

class DropNewest implements FullPolicy {
  readonly asksAlways = false
  private dropped = 0

  admit(): boolean {
    this.dropped++
    return false
  }

  counts(): Readonly<Record<string, number>> {
    return { droppedNewest: this.dropped }
  }
}

class DropOldest implements FullPolicy {
  readonly asksAlways = false
  private readonly queue: RecordQueue
  private dropped = 0

  constructor(queue: RecordQueue) {
    this.queue = queue
  }

  admit(): boolean {
    this.dropped++
    this.queue.drop(1)
    return true
  }

  counts(): Readonly<Record<string, number>> {
    return { droppedOldest: this.dropped }
  }
}

/** A record takes the place of the waiting one of its key: a slow reader sees less often how things are, never how they were. */
class Conflate implements FullPolicy {
  readonly asksAlways = true
  private readonly queue: RecordQueue
  private readonly capacityRecords: number
  private readonly key: (words: Int32Array, at: number) => number
  /** Position in the queue of the latest record of each key; it is stale once that has been read. */
  private readonly positions = new Map<number, number>()
  private conflated = 0
  private dropped = 0

  constructor(queue: RecordQueue, capacityRecords: number, by: 'kind' | 'symbol' | 'client' | 'order') {
    this.queue = queue
    this.capacityRecords = capacityRecords
    this.key = KEYS[by]
  }

  admit(words: Int32Array, at: number): boolean {
    const { queue, positions } = this
    const key = this.key(words, at)
    const position = positions.get(key)
    if (position !== undefined && position >= queue.head) {
      queue.replace(position, words, at)
      this.conflated++
      return false
    }
    if (queue.depth >= this.capacityRecords) {
      queue.drop(1)
      this.dropped++
    }
    positions.set(key, queue.tail)
    if (positions.size > 2 * this.capacityRecords + 16) this.forget()
    return true
  }

  counts(): Readonly<Record<string, number>> {
    return { conflated: this.conflated, droppedOldest: this.dropped }
  }

  private forget(): void {
    for (const [key, position] of this.positions) if (position < this.queue.head) this.positions.delete(key)
  }
}

/** Keys as whole numbers. Level events are told apart by side and price as well: each is about one level. */
const KEYS: Readonly<
  Record<'kind' | 'symbol' | 'client' | 'order', (words: Int32Array, at: number) => number>
> = {
  kind: (words, at) => {
    const instrument = words[at + INSTRUMENT]! + 1
    const kind = headKind(words[at + HEAD]!)
    if (kind !== EventKind.level) return instrument * 256 + kind
    const side = instrument * 4 + (headSide(words[at + HEAD]!) & 3)
    return -(side * 2 ** 31 + words[at + PRICE_TICKS]!)
  },
  symbol: (words, at) => words[at + INSTRUMENT]!,
  client: (words, at) => words[at + CLIENT]! >>> 0,
  order: (words, at) => readU64(words, at + ORDER_ID),
}

/** Above half of the capacity every so manieth record is taken, and none where there is no room at all. */
class Sample implements FullPolicy {
  readonly asksAlways = true
  private readonly queue: RecordQueue
  private readonly capacityRecords: number
  private readonly every: number
  private seen = 0
  private leftOut = 0

  constructor(queue: RecordQueue, capacityRecords: number, every: number) {
    this.queue = queue
    this.capacityRecords = capacityRecords
    this.every = every
  }

  admit(): boolean {
    const { depth } = this.queue
    if (depth * 2 < this.capacityRecords) return true
    if (this.seen++ % this.every === 0 && depth < this.capacityRecords) return true
    this.leftOut++
    return false
  }

  counts(): Readonly<Record<string, number>> {
    return { sampledOut: this.leftOut }
  }
}

class Fail implements FullPolicy {
  readonly asksAlways = false
  private readonly edge: string
  private readonly capacityRecords: number

  constructor(edge: string, capacityRecords: number) {
    this.edge = edge
    this.capacityRecords = capacityRecords
  }

  /** @throws EdgeFullError */
  admit(): boolean {
    throw new EdgeFullError(this.edge, this.capacityRecords)
  }

  counts(): Readonly<Record<string, number>> {
    return {}
  }
}

/** Once one record has gone to the file, all others follow it there until it is empty: they come back in order. */
class Spill implements FullPolicy {
  readonly asksAlways = true
  private readonly queue: RecordQueue
  private readonly capacityRecords: number
  private readonly spill: SpillFile

  constructor(queue: RecordQueue, capacityRecords: number, spill: SpillFile) {
    this.queue = queue
    this.capacityRecords = capacityRecords
    this.spill = spill
  }

  /** @throws Error if the file cannot be written, or has grown to its limit */
  admit(words: Int32Array, at: number): boolean {
    if (this.spill.depth === 0 && this.queue.depth < this.capacityRecords) return true
    this.spill.append(words, at)
    return false
  }

  counts(): Readonly<Record<string, number>> {
    return { spilled: this.spill.total }
  }
}
