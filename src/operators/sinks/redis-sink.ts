import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Redis } from 'ioredis'
import * as record from '../../book/record.ts'
import { flag, oneOf, options, text, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, StageProblem, Step, StepFailure } from '../../pipeline/operator.ts'
import { EventLanes, type EventPosition } from '../../transport/event-lanes.ts'
import { newSource } from '../../transport/frame.ts'
import { shownUrl, type RedisOptions } from '../../transport/redis/connection.ts'
import { StreamWriter } from '../../transport/redis/stream-writer.ts'
import { findUnreadTrims } from '../../transport/redis/unread-trims.ts'
import { openRedis, redisKeys } from '../transport/redis-options.ts'
import { EventText } from './event-text.ts'
import { GateHold } from './gate-hold.ts'

const { EventKind, HEAD, headKind, INSTRUMENT, readU64, SEQUENCE } = record

const CAP = 10_000
const BUFFER_ENTRIES = 65_536
const DRAIN_MS = 10_000
/** How often streams are looked at for entries that were trimmed unread. */
const LOOK_MS = 1_000

/** What a stage says under `to: { redisStreams: ... }`. */
export interface RedisSinkOptions extends RedisOptions {
  /** Entries that each stream keeps, approximately. */
  readonly cap?: number | undefined
  /** One entry for each event, for anyone to read; or frames of up to 256 records. */
  readonly format?: 'entries' | 'packed' | undefined
  /** Stands in front of every key, and of the channel. */
  readonly prefix?: string | undefined
  /** Names this writer: with `resume`, a run goes on after the last event that one of this name wrote. */
  readonly writer?: string | undefined
  readonly resume?: boolean | undefined
  /** Entries that may wait here while the server takes none. */
  readonly buffer?: number | undefined
  readonly whenFull?: 'block' | 'dropNewest' | 'error' | undefined
}

export const redisSinkOptions = options(
  {},
  {
    ...redisKeys,
    cap: wholeNumber({ min: 1 }).describe('Entries that each stream keeps, approximately.'),
    format: oneOf('entries', 'packed').describe('One entry an event, or frames.'),
    prefix: text.describe('Stands in front of every key and of the channel.'),
    writer: text.describe('Names what this stage has written; by default its id.'),
    resume: flag.describe('Whether to go on behind the last event that a writer of this name wrote.'),
    buffer: wholeNumber({ min: 1_024, max: 4_194_304 }).describe(
      'Entries that may wait while the server takes none.',
    ),
    whenFull: oneOf('block', 'dropNewest', 'error').describe('What happens then.'),
  },
).describe('Order events and trades in Redis Streams.')

/** Opens a sink that writes order events and trades to Redis Streams. */
export function openRedisSink(
  market: Market,
  id: string,
  given: RedisSinkOptions,
): TE.TaskEither<StageProblem, Step> {
  return pipe(
    openRedis(given, ['to', 'redisStreams', 'url']),
    TE.chain((redis) =>
      TE.tryCatch(
        () => RedisSink.open(market, redis, { ...given, writer: given.writer ?? id }),
        (error): StageProblem => ({ path: ['to', 'redisStreams'], message: (error as Error).message }),
      ),
    ),
  )
}

/**
 * Order events go to `orders:{symbol}`, trades to `trades:{symbol}` and `trades:all` and, as JSON, to the channel
 * `live_trades`; what price levels show, where the engine is asked for it, to `book:{symbol}`.
 */
export class RedisSink implements Step {
  readonly failed: Promise<StepFailure>
  private readonly market: Market
  private readonly redis: Redis
  private readonly given: RedisSinkOptions
  private readonly writer: StreamWriter
  private readonly hold: GateHold
  private readonly text: EventText
  private readonly prefix: string
  private readonly packed: EventLanes[]
  private readonly resume: EventPosition | undefined
  private readonly timer: NodeJS.Timeout
  private readonly alarms: Map<string, number>
  private readonly keys: Map<string, string[]>
  private cause: number
  private index: number
  private skipped: number
  private dropped: number
  private isDropping: boolean

  static async open(market: Market, redis: Redis, given: RedisSinkOptions): Promise<RedisSink> {
    const { writer = 'publish', cap = CAP, buffer = BUFFER_ENTRIES } = given
    const streams = new StreamWriter(redis, {
      writer: `${given.prefix ?? ''}${writer}`,
      cap,
      bufferEntries: buffer,
    })
    const resume = given.resume === true ? await streams.position() : undefined
    return new RedisSink(market, redis, streams, resume, given)
  }

  constructor(
    market: Market,
    redis: Redis,
    writer: StreamWriter,
    resume: EventPosition | undefined,
    given: RedisSinkOptions,
  ) {
    this.market = market
    this.redis = redis
    this.given = given
    this.writer = writer
    this.hold = new GateHold(market.gate)
    this.text = new EventText(market)
    this.prefix = given.prefix ?? ''
    this.resume = resume
    this.alarms = new Map()
    this.keys = new Map()
    this.cause = -1
    this.index = 0
    this.skipped = 0
    this.dropped = 0
    this.isDropping = false
    this.packed = given.format === 'packed' ? this.packedLanes() : []
    let fail: (failure: StepFailure) => void = () => {}
    this.failed = new Promise((resolve) => {
      fail = resolve
    })
    writer.onFull = () => {
      if (given.whenFull === 'dropNewest') this.isDropping = true
      else if (given.whenFull === 'error')
        fail({ message: `${shownUrl(given)}: no room: ${writer.lastRefusal ?? 'too slow'}`, isQuiet: false })
      else this.hold.close()
    }
    writer.onRoom = () => {
      this.isDropping = false
      this.hold.open()
    }
    writer.onFailure = (message) => {
      this.hold.end()
      fail({ message: `${shownUrl(given)}: ${message}`, isQuiet: false })
    }
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref()
  }

  process(words: Int32Array, at: number): void {
    const cause = readU64(words, at + SEQUENCE)
    this.index = cause === this.cause ? this.index + 1 : 0
    this.cause = cause
    const { resume, writer } = this
    if (
      resume !== undefined &&
      (cause < resume.cause || (cause === resume.cause && this.index <= resume.causeIndex))
    ) {
      this.skipped++
      return
    }
    if (this.isDropping) {
      this.dropped++
      return
    }
    if (this.packed.length > 0) for (const lanes of this.packed) lanes.push(words, at)
    else {
      this.write(words, at)
      writer.at(cause, this.index)
    }
  }

  flush(): void {
    for (const lanes of this.packed) lanes.flush()
    if (this.packed.length > 0 && this.cause >= 0) this.writer.at(this.cause, this.index)
    this.writer.flush()
  }

  async close(): Promise<void> {
    this.flush()
    clearInterval(this.timer)
    try {
      await this.writer.drain(DRAIN_MS)
      await this.look()
    } finally {
      this.hold.end()
      this.redis.disconnect()
    }
  }

  report(): ReportSection {
    const { writer, skipped, dropped } = this
    const figures = {
      entries: writer.entries,
      chunks: writer.chunks,
      retries: writer.retries,
      refusals: Object.fromEntries(writer.refusals),
      evicted: Object.fromEntries(writer.evicted),
      trimmedUnread: Object.fromEntries(this.alarms),
      skipped,
      dropped,
      undelivered: writer.waitingEntries,
      blockedMs: Math.round(this.hold.blockedMs),
    }
    const lines = [
      `${writer.entries} entries in ${writer.chunks} chunks to ${shownUrl(this.given)}`,
      `blocked ${figures.blockedMs} ms, ${writer.retries} retries, ${skipped} already there, ${dropped} dropped`,
      ...[...this.alarms].map(
        ([key, entries]) => `ALARM: ${entries} entries trimmed that ${key} had not read`,
      ),
      ...[...writer.evicted].map(
        ([key, times]) => `ALARM: ${key} was gone ${times} times: evicted or deleted`,
      ),
    ]
    return { title: 'redis streams', lines, figures }
  }

  private write(words: Int32Array, at: number): void {
    const line = this.text.line(words, at)
    if (line === '') return
    const fields = fieldsOf(line)
    const { writer, prefix } = this
    const kind = headKind(words[at + HEAD]!)
    const [own, all] = this.keysOf(kind, words[at + INSTRUMENT]!)
    writer.add(own!, fields)
    if (all === undefined) return
    writer.add(all, fields)
    writer.publish(`${prefix}live_trades`, line.slice(0, -1))
  }

  private keysOf(kind: number, instrument: number): string[] {
    const group = groupOf(kind)
    const name = `${group}/${instrument}`
    let keys = this.keys.get(name)
    if (keys === undefined) {
      const symbol = this.market.instruments.symbol(instrument)
      keys = [`${this.prefix}${group}:${symbol === '' ? '-' : symbol}`]
      if (group === 'trades') keys.push(`${this.prefix}trades:all`)
      this.keys.set(name, keys)
    }
    return keys
  }

  /** One set of lanes for each group of events; the keys of streams are what subjects are elsewhere. */
  private packedLanes(): EventLanes[] {
    const { market, prefix, writer } = this
    const lanes = (template: string, kinds: readonly number[], channel?: string): EventLanes =>
      new EventLanes({
        template,
        source: newSource(),
        symbol: (instrument) => market.instruments.symbol(instrument),
        client: String,
        kinds: new Set(kinds),
        send: (frame, lane) => {
          const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length)
          writer.add(`${prefix}${lane.subject}`, ['frame', bytes])
          if (channel !== undefined) writer.publish(`${prefix}${channel}`, bytes)
        },
      })
    const all = Object.values(EventKind)
    const of = (group: string): number[] => all.filter((kind) => groupOf(kind) === group)
    return [
      lanes('orders:{symbol}', of('orders')),
      lanes('trades:{symbol}', of('trades')),
      lanes('trades:all', of('trades'), 'live_trades'),
      lanes('book:{symbol}', of('book')),
    ]
  }

  private async look(): Promise<void> {
    const found = await findUnreadTrims(this.redis, this.writer.streams).catch(() => [])
    for (const { stream, group, entries } of found) {
      const name = `group ${group} of ${stream}`
      if (!this.alarms.has(name))
        process.stderr.write(`millrace: ALARM: ${entries} entries were trimmed that ${name} had not read\n`)
      this.alarms.set(name, entries)
    }
  }
}

/** Which streams an event goes to. */
function groupOf(kind: number): 'orders' | 'trades' | 'book' {
  if (kind === EventKind.trade) return 'trades'
  return kind >= EventKind.level && kind <= EventKind.indication ? 'book' : 'orders'
}

/** The line of an event as fields and values. */
function fieldsOf(line: string): string[] {
  const fields: string[] = []
  const event = JSON.parse(line) as Record<string, string | number | boolean>
  for (const key in event) fields.push(key, String(event[key]))
  return fields
}
