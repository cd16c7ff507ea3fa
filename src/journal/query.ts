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
import { IndexReader, keyOf, KeyOf } from './index-file.ts'
import { makeIndex } from './index-segment.ts'
import { SegmentKind } from './layout.ts'
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
    yield* querySegment(segment, query, next === undefined)
  }
}

function isBlankLast({ path }: SegmentName): boolean {
  try {
    new SegmentReader(path, FEW_BYTES).close()
    return false
  } catch {
    return isBlank(path)
  }
}

function* querySegment(segment: SegmentName, query: EventQuery, isLast: boolean): Generator<Found> {
  const offsets = isLast ? undefined : candidates(segment.path, query)
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

/**
 * All ids under which an order has lived: a cancel-replace gives it a new one.
 * @param id one of them
 */
export function idsOfOrder(dir: string, id: number): Set<number> {
  const ids = new Set([id])
  const kinds = new Set<number>([EventKind.replaced])
  for (let known = 0; known !== ids.size;) {
    known = ids.size
    for (const { words, at } of queryEvents(dir, { orders: new Set(ids), kinds }))
      for (const record of at) {
        ids.add(readU64(words, record + ORDER_ID))
        ids.add(readU64(words, record + MAKER_ORDER_ID))
      }
  }
  return ids
}
