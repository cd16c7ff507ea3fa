import { Instruments } from '../book/instruments.ts'
import { readConfiguration } from './configuration.ts'
import { keyOf, keyOfText, KeyOf, type IndexReader } from './index-file.ts'
import { BlockKind, SegmentKind } from './layout.ts'
import { JournalError } from './problem.ts'
import { openIndex } from './query.ts'
import { blockText, listSegments, SegmentReader, type SegmentName } from './segment-reader.ts'
import { RecordedTables, type TableEntries } from './tables.ts'

const HEADERS_BYTES = 4_096

type OrderEntry = readonly [number, string, number]

/**
 * The names of a journal without its commands: those of clients and instruments at hand, those of orders looked up where
 * they are asked for. Every segment begins with all names but those of orders.
 */
export class RecordedNames {
  readonly tables: RecordedTables
  private readonly segments: readonly SegmentName[]
  /** Names of orders in the last segment, which has no index. */
  private readonly latest = new Map<number, OrderEntry>()
  private readonly indexes = new Map<string, IndexReader | undefined>()

  /** @throws JournalError if there is no journal, or its last segment is damaged */
  constructor(dir: string) {
    this.segments = listSegments(dir, SegmentKind.commands)
    const usable = this.segments.findLast(({ path }) => canOpen(path))
    if (usable === undefined) throw new JournalError(dir, 'no journal is in this directory')
    // Small reads: most of what is passed over is commands.
    const reader = new SegmentReader(usable.path, HEADERS_BYTES)
    try {
      const { instruments } = readConfiguration(usable.path, reader.header.configuration)
      this.tables = new RecordedTables(new Instruments(instruments))
      for (const entries of tablesOf(reader)) {
        const { orders, ...rest } = entries
        this.tables.adopt(rest)
        for (const order of orders ?? []) this.latest.set(order[0], order)
      }
    } finally {
      reader.close()
    }
  }

  /** The numbers that orders of a name had; a name may come again after a long time. */
  numbersOf(text: string): number[] {
    const numbers = new Set<number>()
    for (const order of this.latest.values()) if (order[1] === text) numbers.add(order[0])
    this.search(keyOfText(KeyOf.orderName, text), (orders) => {
      for (const order of orders) if (order[1] === text) numbers.add(order[0])
      return false
    })
    return [...numbers]
  }

  /** The entries that stand beside that of an order's number; empty if it has no name. */
  entriesFor(number: number): readonly OrderEntry[] {
    const latest = this.latest.get(number)
    if (latest !== undefined) return [latest]
    let found: readonly OrderEntry[] = []
    this.search(keyOf(KeyOf.nameNumber, number | 0, Math.floor(number / 4_294_967_296)), (orders) => {
      if (!orders.some((order) => order[0] === number)) return false
      found = orders
      return true
    })
    return found
  }

  close(): void {
    for (const index of this.indexes.values()) index?.close()
  }

  /** Gives the names of each block that has a key, the latest first, until it is told that that is enough. */
  private search(key: number, use: (orders: readonly OrderEntry[]) => boolean): void {
    for (const { path } of this.segments.slice(0, -1).reverse()) {
      if (!this.indexes.has(path)) this.indexes.set(path, openIndex(path, SegmentKind.commands))
      const offsets = this.indexes.get(path)?.find(key) ?? []
      if (offsets.length === 0) continue
      const reader = new SegmentReader(path, 65_536)
      try {
        for (const offset of offsets.reverse()) {
          reader.seek(offset)
          const block = reader.read()
          if (block === undefined) throw new JournalError(path, 'a block is damaged', offset)
          if (use((JSON.parse(blockText(block)) as TableEntries).orders ?? [])) return
        }
      } finally {
        reader.close()
      }
    }
  }
}

function canOpen(path: string): boolean {
  try {
    new SegmentReader(path, 4_096).close()
    return true
  } catch {
    return false
  }
}

/** The tables of a segment; its commands are passed over. */
function* tablesOf(reader: SegmentReader): Generator<TableEntries> {
  for (;;) {
    const { offset } = reader
    const head = reader.read(true)
    if (head === undefined) return
    if (head.kind !== BlockKind.tables) continue
    reader.seek(offset)
    const block = reader.read()
    if (block === undefined) return
    yield JSON.parse(blockText(block)) as TableEntries
  }
}
