import {
  CLIENT,
  EventKind,
  HEAD,
  headKind,
  INSTRUMENT,
  MAKER_CLIENT,
  MAKER_ORDER_ID,
  ORDER_ID,
  readU64,
  RECORD_WORDS,
  SEQUENCE,
} from '../book/record.ts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { IndexReader, keyOf, KeyOf } from './index-file.ts'
import { makeIndex } from './index-segment.ts'
import { SegmentKind } from './layout.ts'
import { LOCK_FILE } from './lock.ts'
import { JournalError } from './problem.ts'
import { blockRecords, isBlank, listSegments, SegmentReader, type SegmentName } from './segment-reader.ts'

/** Which events are wanted: those that all of it holds for. */
export interface EventQuery {
  readonly orders?: ReadonlySet<number> | undefined
  readonly client?: number | undefined
  readonly instrument?: number | undefined
  readonly kinds?: ReadonlySet<number> | undefined
  /** First and last sequence. */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** Events of one block that a query is for: good until the next ones are asked for. */
export interface Found {
  readonly words: Int32Array
  /** Where the records begin. */
  readonly at: readonly number[]
}

/** How much of a file to read at once where few blocks of it are wanted. */
const FEW_BYTES = 131_072

/**
 * Streams the events that a query is for, in order, block by block. Of segments with an index only those blocks are
 * read that may have some; memory does not grow with the log.
 * @throws JournalError if what must be read is damaged or missing
 */
export function* queryEvents(dir: string, query: EventQuery): Generator<Found> {
  const segments = listSegments(dir, SegmentKind.events)
  const { from = 1, to = Infinity } = query
  let lastNumber: number | undefined
  for (const [i, segment] of segments.entries()) {
    const next = segments[i + 1]
    if (lastNumber !== undefined && segment.number !== lastNumber + 1)
      throw new JournalError(segment.path, `segment ${lastNumber + 1} of the events is missing before it`)
    lastNumber = segment.number
    if (segment.firstSequence > to || (next !== undefined && next.firstSequence < from)) continue
    if (next === undefined && isBlankLast(segment)) continue
    yield* querySegment(segment, query, next === undefined, next === undefined && isInUse(dir))
  }
}

/** Whether the last segment may still grow: a process has the journal, or was killed while it had. */
function isInUse(dir: string): boolean {
  return existsSync(join(dir, LOCK_FILE))
}

function isBlankLast({ path }: SegmentName): boolean {
  try {
    new SegmentReader(path, FEW_BYTES).close()
    return false
  } catch {
    return isBlank(path)
  }
}

function* querySegment(
  segment: SegmentName,
  query: EventQuery,
  isLast: boolean,
  isGrowing: boolean,
): Generator<Found> {
  const offsets = isGrowing ? undefined : candidates(segment.path, query)
  const reader = new SegmentReader(segment.path, offsets === undefined ? undefined : FEW_BYTES)
  try {
    if (offsets === undefined) {
      for (let block = reader.read(); block !== undefined; block = reader.read()) {
        const found = matching(blockRecords(block), query)
        if (found.at.length > 0) yield found
      }
      reader.end(isLast)
      return
    }
    for (const offset of offsets) {
      reader.seek(offset)
      const block = reader.read()
      if (block === undefined) throw new JournalError(segment.path, 'a block is damaged', offset)
      const found = matching(blockRecords(block), query)
      if (found.at.length > 0) yield found
    }
  } finally {
    reader.close()
  }
}

/** Where blocks begin that may have something; undefined where all must be looked at. */
function candidates(path: string, { orders, client, instrument }: EventQuery): readonly number[] | undefined {
  const wanted: number[][] = []
  if (orders !== undefined)
    wanted.push([...orders].map((id) => keyOf(KeyOf.order, id | 0, Math.floor(id / 4_294_967_296))))
  if (client !== undefined) wanted.push([keyOf(KeyOf.client, client | 0, 0)])
  if (instrument !== undefined) wanted.push([keyOf(KeyOf.instrument, instrument, 0)])
  if (wanted.length === 0) return undefined
  const index = openIndex(path, SegmentKind.events)
  if (index === undefined) return undefined
  try {
    let blocks: readonly number[] | undefined
    for (const keys of wanted) {
      const found = new Set<number>()
      for (const key of keys) {
        const offsets = index.find(key)
        if (offsets === undefined) return undefined
        for (const offset of offsets) found.add(offset)
      }
      blocks = blocks === undefined ? [...found] : blocks.filter((offset) => found.has(offset))
    }
    return [...blocks!].sort((a, b) => a - b)
  } finally {
    index.close()
  }
}

/** The index of a segment, made if it is not there; undefined where it can neither be read nor written. */
export function openIndex(path: string, kind: number): IndexReader | undefined {
  const index = IndexReader.open(path)
  if (index !== undefined) return index
  try {
    makeIndex(path, kind)
  } catch (error) {
    if (error instanceof JournalError) throw error
    return undefined
  }
  return IndexReader.open(path)
}

function matching(words: Int32Array, query: EventQuery): Found {
  const at: number[] = []
  const [id] = query.orders ?? []
  if (query.orders?.size === 1) {
    // Most of what is looked through is of other orders: one comparison tells.
    const low = id! | 0
    for (let record = 0; record < words.length; record += RECORD_WORDS)
      if (words[record + ORDER_ID] === low || words[record + MAKER_ORDER_ID] === low)
        if (isWanted(words, record, query)) at.push(record)
    return { words, at }
  }
  for (let record = 0; record < words.length; record += RECORD_WORDS)
    if (isWanted(words, record, query)) at.push(record)
  return { words, at }
}

function isWanted(words: Int32Array, at: number, query: EventQuery): boolean {
  const { orders, client, instrument, kinds, from, to } = query
  const kind = headKind(words[at + HEAD]!)
  if (kinds !== undefined && !kinds.has(kind)) return false
  if (instrument !== undefined && words[at + INSTRUMENT] !== instrument) return false
  if (from !== undefined || to !== undefined) {
    const sequence = readU64(words, at + SEQUENCE)
    if (sequence < (from ?? 0) || sequence > (to ?? Infinity)) return false
  }
  const isTrade = kind === EventKind.trade
  if (client !== undefined) {
    const isOwn = kind < EventKind.state && words[at + CLIENT]! >>> 0 === client
    if (!isOwn && !(isTrade && words[at + MAKER_CLIENT]! >>> 0 === client)) return false
  }
  if (orders === undefined) return true
  if (kind < EventKind.state && orders.has(readU64(words, at + ORDER_ID))) return true
  return (isTrade || kind === EventKind.replaced) && orders.has(readU64(words, at + MAKER_ORDER_ID))
}

/** The events of an order, copied: their words one behind the other. */
export interface OrderLife {
  /** All ids that it has had: a cancel-replace gives it a new one. */
  readonly ids: ReadonlySet<number>
  readonly words: Int32Array
}

/**
 * The whole life of an order, whatever it was replaced by or was before.
 * @param ids one of its ids; or those of several orders
 * @throws JournalError as queryEvents does
 */
export function lifeOfOrder(dir: string, ids: Iterable<number>, query: EventQuery = {}): OrderLife {
  const known = new Set(ids)
  for (;;) {
    const before = known.size
    const records: Int32Array[] = []
    for (const { words, at } of queryEvents(dir, { orders: new Set(known) }))
      for (const record of at) {
        const one = words.slice(record, record + RECORD_WORDS)
        records.push(one)
        if (headKind(one[HEAD]!) !== EventKind.replaced) continue
        known.add(readU64(one, ORDER_ID))
        known.add(readU64(one, MAKER_ORDER_ID))
      }
    if (known.size !== before) continue
    const wanted = records.filter((one) => isWanted(one, 0, { ...query, orders: known }))
    const words = new Int32Array(wanted.length * RECORD_WORDS)
    wanted.forEach((one, i) => words.set(one, i * RECORD_WORDS))
    return { ids: known, words }
  }
}
