import { closeSync, openSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { HEADER_BYTES, HEADER_WORDS } from './layout.ts'

/**
 * Which blocks of a segment have something to do with an order, a client, an instrument or a name. Little-endian:
 *
 *  word
 *   0  magic 'MRJI'     1  format version
 *   2  bits of a key that say its bucket
 *   3  entries in all   4  CRC-32 of the directory
 *   5  bytes of the segment that was indexed, in units of 64
 *   6 - 14  0          15  CRC-32 of words 0 to 14
 *  16  the directory, two words for each bucket: where its entries begin, counted in entries; CRC-32 of them
 *   .. entries by bucket, and in it by block, two words each: key; where the block begins in the segment, in units of 64
 *
 * A key is a 32-bit hash, so a block may be named that has nothing to do with what is sought; never the other way round.
 */
const INDEX_MAGIC = 0x494a_524d
const INDEX_VERSION = 1
const MIN_BITS = 4
const MAX_BITS = 16
/** Entries that a bucket has on average. */
const BUCKET_ENTRIES = 16
const UNIT = 64

/** What a key is about. */
export const KeyOf = { order: 1, client: 2, instrument: 3, orderName: 4, nameNumber: 5 } as const

export function indexPath(segmentPath: string): string {
  return `${segmentPath.slice(0, -'.log'.length)}.idx`
}

/** The key of a number of one of the kinds. */
export function keyOf(kind: number, low: number, high: number): number {
  let hash = Math.imul(low ^ Math.imul(high ^ (kind * 0x2545_f491), 0x85eb_ca6b), 0x9e37_79b1)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) | 0
}

/** The key of a name. */
export function keyOfText(kind: number, text: string): number {
  const crc = crc32(text) | 0
  return keyOf(kind, crc, text.length)
}

const SEEN = 8_192

/** Gathers keys and the blocks that they occur in, block by block, and writes them down as an index. */
export class IndexBuilder {
  private keys: Int32Array
  private blocks: Uint32Array
  private count: number
  private block: number
  /** The keys seen last in the block at hand, so that most repetitions are not even noted. */
  private readonly seen: Int32Array
  private readonly seenIn: Float64Array

  constructor() {
    this.keys = new Int32Array(65_536)
    this.blocks = new Uint32Array(65_536)
    this.count = 0
    this.block = 0
    this.seen = new Int32Array(SEEN)
    this.seenIn = new Float64Array(SEEN)
  }

  /** From here on keys are of the block that begins at a byte. */
  begin(offset: number): void {
    this.block = offset / UNIT
  }

  add(key: number): void {
    const place = key & (SEEN - 1)
    if (this.seen[place] === key && this.seenIn[place] === this.block + 1) return
    this.seen[place] = key
    this.seenIn[place] = this.block + 1
    if (this.count === this.keys.length) this.grow()
    this.keys[this.count] = key
    this.blocks[this.count++] = this.block
  }

  /** The index as bytes. */
  build(segmentBytes: number): Uint8Array {
    const wanted = Math.ceil(Math.log2(Math.max(1, this.count / BUCKET_ENTRIES)))
    const bits = Math.min(MAX_BITS, Math.max(MIN_BITS, wanted))
    const buckets = 1 << bits
    const starts = new Uint32Array(buckets + 1)
    for (let i = 0; i < this.count; i++) starts[(this.keys[i]! >>> (32 - bits)) + 1]!++
    for (let bucket = 0; bucket < buckets; bucket++) starts[bucket + 1]! += starts[bucket]!
    const directory = HEADER_WORDS
    const entries = directory + buckets * 2
    const words = new Int32Array(entries + this.count * 2)
    const next = starts.slice()
    for (let i = 0; i < this.count; i++) {
      const at = entries + next[this.keys[i]! >>> (32 - bits)]!++ * 2
      words[at] = this.keys[i]!
      words[at + 1] = this.blocks[i]!
    }
    const bytes = new Uint8Array(words.buffer)
    for (let bucket = 0; bucket < buckets; bucket++) {
      words[directory + bucket * 2] = starts[bucket]!
      const [from, to] = [entries + starts[bucket]! * 2, entries + starts[bucket + 1]! * 2]
      words[directory + bucket * 2 + 1] = crc32(bytes.subarray(from * 4, to * 4)) | 0
    }
    words.set([INDEX_MAGIC, INDEX_VERSION, bits, this.count])
    words[4] = crc32(bytes.subarray(directory * 4, entries * 4)) | 0
    words[5] = segmentBytes / UNIT
    words[15] = crc32(bytes.subarray(0, 60)) | 0
    return bytes
  }

  private grow(): void {
    const keys = new Int32Array(this.keys.length * 2)
    keys.set(this.keys)
    this.keys = keys
    const blocks = new Uint32Array(keys.length)
    blocks.set(this.blocks)
    this.blocks = blocks
  }
}

/** Puts an index beside its segment. */
export function writeIndex(segmentPath: string, bytes: Uint8Array): void {
  const path = indexPath(segmentPath)
  const draft = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(draft, bytes)
    renameSync(draft, path)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Answers which blocks of a segment a key occurs in, from a few reads of its index. */
export class IndexReader {
  private readonly file: number
  private readonly bits: number
  private readonly entries: number
  private readonly count: number
  private readonly directory: Int32Array

  private constructor(file: number, header: Int32Array, directory: Int32Array) {
    this.file = file
    this.bits = header[2]!
    this.count = header[3]!
    this.entries = HEADER_BYTES + directory.length * 4
    this.directory = directory
  }

  /** The index of a segment as it is now; undefined if there is none, or it is damaged, or is of another version. */
  static open(segmentPath: string): IndexReader | undefined {
    let file: number
    try {
      file = openSync(indexPath(segmentPath), 'r')
    } catch {
      return undefined
    }
    const header = readWords(file, 0, HEADER_WORDS)
    const isGood =
      header !== undefined &&
      header[0] === INDEX_MAGIC &&
      header[1] === INDEX_VERSION &&
      header[15] === (crc32(new Uint8Array(header.buffer, 0, 60)) | 0) &&
      header[5]! * UNIT === statSync(segmentPath).size
    const directory = isGood ? readWords(file, HEADER_BYTES, 2 << header[2]!) : undefined
    if (directory !== undefined && (crc32(new Uint8Array(directory.buffer)) | 0) === header![4])
      return new IndexReader(file, header!, directory)
    closeSync(file)
    return undefined
  }

  /** Where the blocks begin that a key may occur in, in their order; undefined if that part is damaged. */
  find(key: number): number[] | undefined {
    const bucket = key >>> (32 - this.bits)
    const from = this.directory[bucket * 2]!
    const to = bucket + 1 === 1 << this.bits ? this.count : this.directory[bucket * 2 + 2]!
    const words = readWords(this.file, this.entries + from * 8, (to - from) * 2)
    if (words === undefined || (crc32(new Uint8Array(words.buffer)) | 0) !== this.directory[bucket * 2 + 1])
      return undefined
    const found: number[] = []
    for (let at = 0; at < words.length; at += 2) {
      const offset = (words[at + 1]! >>> 0) * UNIT
      if (words[at] === key && found.at(-1) !== offset) found.push(offset)
    }
    return found
  }

  close(): void {
    closeSync(this.file)
  }
}

function readWords(file: number, at: number, count: number): Int32Array | undefined {
  const words = new Int32Array(count)
  const bytes = new Uint8Array(words.buffer)
  let done = 0
  while (done < bytes.length) {
    const got = readSync(file, bytes, done, bytes.length - done, at + done)
    if (got === 0) return undefined
    done += got
  }
  return words
}
