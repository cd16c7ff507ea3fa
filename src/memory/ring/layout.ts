/**
 * A bounded ring of 64-byte records in one buffer: a SharedArrayBuffer between threads, a mapped file between
 * processes. Words are 32 bits, in the order of the machine. Positions count records from the beginning and wrap
 * at 2^32; a record stands at its position modulo the capacity, which is a power of two.
 *
 *  word  byte                                                            written by
 *     0     0  magic          "MRng"                                     who makes it
 *     1     4  version        of this layout
 *     2     8  record bytes   64
 *     3    12  capacity       in records
 *     4    16  kind           1 one producer, 2 many
 *     5    20  spacing        words from one line to the next
 *     6    24  state          0 open, 1 ended, 2 aborted                 either side, rarely
 *     7    28  open           producers that have not ended              producers, rarely
 *     8    32  stamps         room for batch stamps, a power of two      who makes it
 *    12    48  (room for whoever lays a ring over a file)
 *
 *  Then six lines, each `spacing` words long, so that no two sides write to the same cache line. 128 bytes, not 64:
 *  processors of today fetch lines in pairs.
 *
 *  line 0  word 0  tail       records published                          producer (kind 2: not used)
 *               1  stampTail  batches stamped
 *  line 1  word 0  head       records released (kind 2: whole batches)   consumer
 *               1  highWater  most records ever seen waiting             consumer
 *  line 2  word 0  claim      (kind 2) records that producers have taken producers
 *  line 3  word 0  consumerWants   records that a parked consumer waits for, 0 if none is parked
 *               1  consumerWake    changes each time it is woken
 *  line 4  word 0  producerWants   room, in records, that parked producers wait for
 *               1  producerWake
 *  line 5  word 0  producerHighWater   most records that a producer found waiting
 *
 *  Then, each at a multiple of 128 bytes:
 *
 *  kind 1: stamps x { f64 when, in microseconds; i32 end: the position behind the batch; i32 unused }
 *  kind 2: capacity x { f64 when; i32 count: of the batch that begins at this slot, 0 if none does; i32 unused }
 *  records: capacity x 64 bytes
 */
export interface RingLayout {
  readonly capacity: number
  readonly kind: RingKind
  readonly tail: number
  readonly stampTail: number
  readonly head: number
  readonly highWater: number
  readonly claim: number
  readonly consumerWants: number
  readonly consumerWake: number
  readonly producerWants: number
  readonly producerWake: number
  readonly producerHighWater: number
  /** Room for stamps, a power of two; the capacity where there are many producers. */
  readonly stamps: number
  readonly stampsAt: number
  readonly recordsAt: number
  /** Words from the beginning to behind the last record. */
  readonly words: number
}

/** 1: one producer and one consumer. 2: many producers and one consumer. */
export type RingKind = 1 | 2

export const ONE_PRODUCER = 1
export const MANY_PRODUCERS = 2

export const RECORD_WORDS = 16

export const MAGIC = 0
export const VERSION = 1
export const RECORD_BYTES = 2
export const CAPACITY = 3
export const KIND = 4
export const SPACING = 5
export const STATE = 6
export const OPEN = 7
export const STAMPS = 8
/** First of the words, 20 of them, that are left to whoever lays a ring over a file. */
export const OWNER_WORDS = 12

export const RING_MAGIC = 0x676e_524d
export const RING_VERSION = 1

/** What the state word says. */
export const RingState = { open: 0, ended: 1, aborted: 2 } as const

export const MAX_CAPACITY = 2 ** 24
const HEADER_WORDS = 32
const LINES = 6
const LINE_WORDS = 32
/** Words of a stamp, and in it the word that says how long its batch is, or where it ends. */
export const STAMP_WORDS = 4
export const STAMP_END = 2
/** Batches of a ring with one producer whose age is known one by one; more than that are taken together. */
const DEFAULT_STAMPS = 256

export interface RingOptions {
  /** In records: a power of two, at most 2^24. */
  readonly capacity: number
  /** 1 by default; more make a ring of the second kind. */
  readonly producers?: number
  /** Position that counting begins at, for tests of the wrap. */
  readonly startAt?: number
  /** Words from one line to the next: 32, or 4 to measure what the padding is good for. */
  readonly spacingWords?: number
}

/** Bytes that a ring takes, a multiple of 128. */
export function ringBytes(options: RingOptions): number {
  return place(options.capacity, kindOf(options), options.spacingWords ?? LINE_WORDS).words * 4
}

/**
 * Writes the header of an empty ring into zeroed memory.
 * @throws RangeError if the capacity is not a power of two, or the buffer too small
 */
export function formatRing(buffer: ArrayBufferLike, options: RingOptions): RingLayout {
  const { capacity, producers = 1, startAt = 0, spacingWords = LINE_WORDS } = options
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_CAPACITY || !isPowerOfTwo(capacity))
    throw new RangeError(`a ring holds a power of two of records up to ${MAX_CAPACITY}, got ${capacity}`)
  if (!Number.isInteger(producers) || producers < 1)
    throw new RangeError(`a ring has a producer or more, got ${producers}`)
  const kind = kindOf(options)
  const layout = place(capacity, kind, spacingWords)
  if (buffer.byteLength < layout.words * 4)
    throw new RangeError(
      `a ring of ${capacity} records takes ${layout.words * 4} bytes, got ${buffer.byteLength}`,
    )
  const words = new Int32Array(buffer)
  words[VERSION] = RING_VERSION
  words[RECORD_BYTES] = RECORD_WORDS * 4
  words[CAPACITY] = capacity
  words[KIND] = kind
  words[SPACING] = spacingWords
  words[OPEN] = producers
  words[STAMPS] = layout.stamps
  for (const at of [layout.tail, layout.head, layout.claim]) words[at] = startAt | 0
  Atomics.store(words, MAGIC, RING_MAGIC)
  return layout
}

/**
 * Where things are in a ring that someone else has made.
 * @throws RangeError that says what is wrong with it, if it is not one
 */
export function readLayout(buffer: ArrayBufferLike): RingLayout {
  const words = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4))
  const fault = ringFault(words)
  if (fault !== undefined) throw new RangeError(fault)
  return place(words[CAPACITY]!, words[KIND]! as RingKind, words[SPACING]!)
}

function ringFault(words: Int32Array): string | undefined {
  if (words.length < HEADER_WORDS || words[MAGIC] !== RING_MAGIC) return 'not a ring of records'
  if (words[VERSION] !== RING_VERSION)
    return `a ring of format version ${words[VERSION]}, this program knows ${RING_VERSION}`
  if (words[RECORD_BYTES] !== RECORD_WORDS * 4)
    return `a ring of records of ${words[RECORD_BYTES]} bytes, expected ${RECORD_WORDS * 4}`
  const [capacity, kind, spacing] = [words[CAPACITY]!, words[KIND]!, words[SPACING]!]
  if (capacity < 1 || capacity > MAX_CAPACITY || !isPowerOfTwo(capacity))
    return `a ring with a capacity of ${capacity} records, expected a power of two`
  if (kind !== ONE_PRODUCER && kind !== MANY_PRODUCERS) return `a ring of unknown kind ${kind}`
  if (spacing < 4 || spacing > 1_024) return `a ring with lines of ${spacing} words`
  const layout = place(capacity, kind, spacing)
  if (words[STAMPS] !== layout.stamps) return `a ring with room for ${words[STAMPS]} stamps`
  return words.length < layout.words
    ? `a ring cut short: ${words.length * 4} bytes of ${layout.words * 4}`
    : undefined
}

function kindOf({ producers = 1 }: RingOptions): RingKind {
  return producers === 1 ? ONE_PRODUCER : MANY_PRODUCERS
}

function place(capacity: number, kind: RingKind, spacing: number): RingLayout {
  const line = (index: number): number => HEADER_WORDS + index * spacing
  const stamps = kind === ONE_PRODUCER ? Math.min(capacity, DEFAULT_STAMPS) : capacity
  const stampsAt = roundUp(line(LINES))
  const recordsAt = roundUp(stampsAt + stamps * STAMP_WORDS)
  return {
    capacity,
    kind,
    tail: line(0),
    stampTail: line(0) + 1,
    head: line(1),
    highWater: line(1) + 1,
    claim: line(2),
    consumerWants: line(3),
    consumerWake: line(3) + 1,
    producerWants: line(4),
    producerWake: line(4) + 1,
    producerHighWater: line(5),
    stamps,
    stampsAt,
    recordsAt,
    words: roundUp(recordsAt + capacity * RECORD_WORDS),
  }
}

function roundUp(words: number): number {
  return Math.ceil(words / LINE_WORDS) * LINE_WORDS
}

function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0
}
