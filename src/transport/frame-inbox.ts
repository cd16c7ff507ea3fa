import { FrameReader, type FrameFault, type FrameKind } from './frame.ts'

type FrameFigures = Pick<FrameCounts, 'frames' | 'records' | 'texts' | 'badFrames' | 'bad' | 'setAside'>

/** What a receiver keeps count of. Every message is in one of the counts, and every bad one in `bad` by its fault. */
export class FrameCounts {
  frames = 0
  records = 0
  texts = 0
  readonly bad: Partial<Record<FrameFault | 'unwanted kind', number>> = {}
  /** The first bytes of the latest bad messages, set aside for who looks into it. */
  readonly setAside: { readonly fault: string; readonly bytes: number; readonly head: string }[] = []

  get badFrames(): number {
    return Object.values(this.bad).reduce((sum, count) => sum + count, 0)
  }

  /** All of them, for a report. */
  figures(): FrameFigures {
    const { frames, records, texts, badFrames, bad, setAside } = this
    return { frames, records, texts, badFrames, bad, setAside }
  }

  refuse(fault: FrameFault | 'unwanted kind', bytes: Uint8Array): void {
    this.bad[fault] = (this.bad[fault] ?? 0) + 1
    if (this.setAside.length === KEPT) this.setAside.shift()
    this.setAside.push({
      fault,
      bytes: bytes.length,
      head: Buffer.from(bytes.subarray(0, 64)).toString('hex'),
    })
  }
}

const KEPT = 16

/** Reads messages that should be frames of one kind, and keeps count. */
export class FrameInbox {
  readonly reader: FrameReader
  readonly counts: FrameCounts
  private readonly kind: number
  private readonly mostRecords: number

  /** @param mostRecords how many records there can be room for: a frame of more is refused for its length */
  constructor(kind: (typeof FrameKind)[keyof typeof FrameKind], mostRecords = Infinity) {
    this.reader = new FrameReader()
    this.counts = new FrameCounts()
    this.kind = kind
    this.mostRecords = mostRecords
  }

  /** Returns whether `reader` holds a good frame of the kind wanted; what is not has been counted and set aside. */
  open(bytes: Uint8Array): boolean {
    const fault = this.reader.read(bytes)
    if (fault !== undefined) {
      this.counts.refuse(fault, bytes)
      return false
    }
    if (this.reader.count > this.mostRecords) {
      this.counts.refuse('length', bytes)
      return false
    }
    if (this.reader.kind === this.kind) return true
    if (!this.reader.isHello) this.counts.refuse('unwanted kind', bytes)
    return false
  }

  /** The frame that was opened has been taken in. */
  took(records: number): void {
    this.counts.frames++
    this.counts.records += records
  }
}

/** Whether a message is the JSON twin of one: its first byte that is not blank opens an object. */
export function isJson(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length && at < 64; at++) {
    const byte = bytes[at]!
    if (byte === 0x7b) return true
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false
  }
  return false
}
