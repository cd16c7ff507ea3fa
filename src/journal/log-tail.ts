import { BlockKind } from './layout.ts'
import { isBlank, listSegments, SegmentReader } from './segment-reader.ts'

const HEADERS_BYTES = 4_096

/** The last sequence of a log, from the headers of its last blocks alone; 0 if there is none. */
export function lastSequenceOf(dir: string, kind: number): number {
  for (const { path, firstSequence } of listSegments(dir, kind).reverse()) {
    if (isEmptyFile(path)) continue
    const reader = new SegmentReader(path, HEADERS_BYTES)
    try {
      let last = 0
      for (let block = reader.read(true); block !== undefined; block = reader.read(true))
        if (block.kind !== BlockKind.tables) last = block.lastSequence
      if (last > 0) return last
      if (firstSequence === 1) return 0
    } finally {
      reader.close()
    }
  }
  return 0
}

function isEmptyFile(path: string): boolean {
  try {
    new SegmentReader(path, HEADERS_BYTES).close()
    return false
  } catch (error) {
    if (isBlank(path)) return true
    throw error
  }
}
