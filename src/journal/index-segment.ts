import { statSync } from 'node:fs'
import { CLIENT, EventKind, HEAD, headKind, INSTRUMENT } from '../book/record.ts'
import { MAKER_CLIENT, MAKER_ORDER_ID, ORDER_ID, RECORD_WORDS } from '../book/record.ts'
import { IndexBuilder, indexPath, keyOf, keyOfText, KeyOf, writeIndex } from './index-file.ts'
import { BlockKind, SegmentKind } from './layout.ts'
import { blockRecords, blockText, listSegments, SegmentReader } from './segment-reader.ts'
import type { TableEntries } from './tables.ts'

const HEADERS_BYTES = 4_096

/** Segments that no more is written to and that have no index. */
export function unindexed(dir: string): { readonly path: string; readonly kind: number }[] {
  return [SegmentKind.events, SegmentKind.commands].flatMap((kind) =>
    listSegments(dir, kind)
      .slice(0, -1)
      .filter(({ path }) => !exists(indexPath(path)))
      .map(({ path }) => ({ path, kind })),
  )
}

/**
 * Makes the index of a segment: of one of events, orders, clients and instruments; of one of commands, names of orders.
 * @throws JournalError if the segment is damaged
 */
export function indexSegment(path: string, kind: number): Uint8Array {
  const builder = new IndexBuilder()
  const reader = new SegmentReader(path, kind === SegmentKind.commands ? HEADERS_BYTES : undefined)
  try {
    for (;;) {
      // Commands themselves are not looked at: events say more.
      const offset = reader.offset
      const head = kind === SegmentKind.commands ? reader.read(true) : undefined
      if (head?.kind === BlockKind.commands) continue
      if (head !== undefined) reader.seek(offset)
      const block = reader.read()
      if (block === undefined) break
      builder.begin(block.offset)
      if (block.kind === BlockKind.tables) addNames(builder, JSON.parse(blockText(block)) as TableEntries)
      else if (block.kind === BlockKind.events) addEvents(builder, blockRecords(block))
    }
    reader.end(true)
  } finally {
    reader.close()
  }
  return builder.build(statSync(path).size)
}

/** The same, and writes it down. */
export function makeIndex(path: string, kind: number): void {
  writeIndex(path, indexSegment(path, kind))
}

function addEvents(builder: IndexBuilder, words: Int32Array): void {
  for (let at = 0; at < words.length; at += RECORD_WORDS) {
    const kind = headKind(words[at + HEAD]!)
    if (kind < EventKind.state) {
      builder.add(keyOf(KeyOf.order, words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!))
      builder.add(keyOf(KeyOf.client, words[at + CLIENT]!, 0))
    }
    builder.add(keyOf(KeyOf.instrument, words[at + INSTRUMENT]!, 0))
    if (kind === EventKind.trade || kind === EventKind.replaced)
      builder.add(keyOf(KeyOf.order, words[at + MAKER_ORDER_ID]!, words[at + MAKER_ORDER_ID + 1]!))
    if (kind === EventKind.trade) builder.add(keyOf(KeyOf.client, words[at + MAKER_CLIENT]!, 0))
  }
}

function addNames(builder: IndexBuilder, { orders }: TableEntries): void {
  for (const [number, text] of orders ?? []) {
    builder.add(keyOfText(KeyOf.orderName, text))
    builder.add(keyOf(KeyOf.nameNumber, number | 0, Math.floor(number / 4_294_967_296)))
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
