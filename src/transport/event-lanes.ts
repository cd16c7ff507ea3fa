import {
  CLIENT,
  EventKind,
  HEAD,
  headKind,
  INSTRUMENT,
  MAKER_CLIENT,
  readU64,
  SEQUENCE,
} from '../book/record.ts'
import { FRAME_RECORDS, FrameKind } from './frame.ts'
import { FrameBuilder } from './frame-builder.ts'
import { EVENT_NAMES, fillTemplate, placeholdersOf } from './subjects.ts'

/** Where an event stands among those of one subject: which command caused it, and how many of that cause came before. */
export interface EventPosition {
  readonly cause: number
  readonly causeIndex: number
}

export interface LaneOptions {
  readonly template: string
  /** Of all subjects, or of each. */
  readonly source: bigint | ((subject: string) => bigint)
  /** FrameFlag bits. */
  readonly flags?: number | undefined
  readonly symbol: (instrument: number) => string
  readonly client: (client: number) => string
  readonly partition?: number | undefined
  /** Kinds to carry, by their numbers; by default all. */
  readonly kinds?: ReadonlySet<number> | undefined
  readonly frameRecords?: number | undefined
  /** The last event that a subject has already; what is not behind it is left out. */
  readonly resume?: ((subject: string) => EventPosition | undefined) | undefined
  readonly send: (frame: Uint8Array, lane: Lane, position: EventPosition) => void
}

/** One subject's records on their way into frames. */
export interface Lane {
  readonly subject: string
  readonly source: bigint
  readonly builder: FrameBuilder
  /** Number of the next record in this subject's stream, from 1. */
  nextSequence: number
  /** Of the first record in the builder. */
  first: { cause: number; causeIndex: number }
  lastCause: number
  lastIndex: number
  readonly resume: EventPosition | undefined
  isDirty: boolean
}

/**
 * Sorts events into subjects by a template and packs those of one subject into frames. An event of a client's goes to
 * that client; a trade goes to both of its clients.
 */
export class EventLanes {
  /** Events put into frames, and left out because a subject had them already. */
  records: number
  skipped: number
  private readonly options: LaneOptions
  private readonly lanes: Map<number, Lane>
  private readonly dirty: Lane[]
  private readonly bySymbol: boolean
  private readonly byClient: boolean
  private readonly byKind: boolean
  private readonly kindMask: number

  constructor(options: LaneOptions) {
    const placeholders = placeholdersOf(options.template)
    this.records = 0
    this.skipped = 0
    this.options = options
    this.lanes = new Map()
    this.dirty = []
    this.bySymbol = placeholders.has('symbol')
    this.byClient = placeholders.has('client')
    this.byKind = placeholders.has('kind')
    let mask = options.kinds === undefined ? ~0 : 0
    for (const kind of options.kinds ?? []) mask |= 1 << kind
    this.kindMask = mask
  }

  /** Takes the event that begins at a word. */
  push(words: Int32Array, at: number): void {
    const kind = headKind(words[at + HEAD]!)
    if ((this.kindMask & (1 << (kind & 31))) === 0 || kind > EventKind.decision) return
    const client = words[at + CLIENT]! >>> 0
    this.pushTo(client, kind, words, at)
    if (!this.byClient || kind !== EventKind.trade) return
    const maker = words[at + MAKER_CLIENT]! >>> 0
    if (maker !== client) this.pushTo(maker, kind, words, at)
  }

  /** Sends what has been gathered. */
  flush(): void {
    for (const lane of this.dirty) {
      lane.isDirty = false
      this.seal(lane)
    }
    this.dirty.length = 0
  }

  private pushTo(client: number, kind: number, words: Int32Array, at: number): void {
    const lane = this.lane(client, kind, words[at + INSTRUMENT]!)
    const cause = readU64(words, at + SEQUENCE)
    const index = cause === lane.lastCause ? lane.lastIndex + 1 : 0
    lane.lastCause = cause
    lane.lastIndex = index
    const { resume } = lane
    if (
      resume !== undefined &&
      (cause < resume.cause || (cause === resume.cause && index <= resume.causeIndex))
    ) {
      this.skipped++
      lane.nextSequence++
      return
    }
    const { builder } = lane
    if (builder.isFull) this.seal(lane)
    if (builder.count === 0) {
      lane.first.cause = cause
      lane.first.causeIndex = index
      if (!lane.isDirty) {
        lane.isDirty = true
        this.dirty.push(lane)
      }
    }
    builder.push(words, at)
    this.records++
  }

  private seal(lane: Lane): void {
    const { builder, first } = lane
    const { count } = builder
    if (count === 0) return
    const frame = builder.take({
      kind: FrameKind.events,
      firstSequence: lane.nextSequence,
      source: lane.source,
      flags: this.options.flags ?? 0,
      cause: first.cause,
      causeIndex: first.causeIndex,
      sentNs: BigInt(Date.now()) * 1_000_000n,
    })
    lane.nextSequence += count
    this.options.send(frame, lane, first)
  }

  private lane(client: number, kind: number, instrument: number): Lane {
    const key =
      ((this.byClient ? client : 0) * 16 + (this.byKind ? kind : 0)) * 262_144 +
      (this.bySymbol ? instrument + 1 : 0)
    return this.lanes.get(key) ?? this.newLane(key, client, kind, instrument)
  }

  private newLane(key: number, client: number, kind: number, instrument: number): Lane {
    const { template, partition = 0, symbol, frameRecords = FRAME_RECORDS, resume, source } = this.options
    const subject = fillTemplate(template, {
      symbol: symbol(instrument),
      client: this.options.client(client),
      kind: EVENT_NAMES[kind]!,
      partition: String(partition),
    })
    const lane: Lane = {
      subject,
      source: typeof source === 'bigint' ? source : source(subject),
      builder: new FrameBuilder(frameRecords),
      nextSequence: 1,
      first: { cause: 0, causeIndex: 0 },
      lastCause: -1,
      lastIndex: 0,
      resume: resume?.(subject),
      isDirty: false,
    }
    this.lanes.set(key, lane)
    return lane
  }
}
