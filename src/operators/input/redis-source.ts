import { hostname } from 'node:os'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Redis } from 'ioredis'
import { RECORD_BYTES, type Batch } from '../../book/index.ts'
import { oneOf, options, text, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Source, StageProblem } from '../../pipeline/operator.ts'
import { FrameKind } from '../../transport/frame.ts'
import { FrameInbox } from '../../transport/frame-inbox.ts'
import { PositionLog } from '../../transport/position-log.ts'
import { shownUrl, type RedisOptions } from '../../transport/redis/connection.ts'
import { GroupReader, type Entry } from '../../transport/redis/group-reader.ts'
import { openRedis, redisKeys } from '../transport/redis-options.ts'
import { texts } from '../transport/nats-options.ts'
import { Arrivals } from './arrivals.ts'

const CAPACITY = 65_536
const CLAIM_MS = 5_000

/** What a stage says under `from: { redisStreams: ... }`. */
export interface RedisSourceOptions extends RedisOptions {
  /** Streams to read: one after the other within a stream, in any order among streams. */
  readonly streams: readonly string[]
  readonly group?: string | undefined
  /** Names this consumer; by default by machine and stage, so that it finds again what it had not finished. */
  readonly consumer?: string | undefined
  readonly startAt?: 'oldest' | 'new' | undefined
  readonly claimIdleMs?: number | undefined
  readonly capacity?: number | undefined
  /** Records that one entry has at most: 1 unless entries are frames. */
  readonly entryRecords?: number | undefined
  /** A directory for notes of which entry each record was in, so that a journaled pipeline takes none twice. */
  readonly positions?: string | undefined
}

export const redisSourceOptions = options(
  { streams: texts.describe('The streams to read.') },
  {
    ...redisKeys,
    group: text.describe('The group of consumers.'),
    consumer: text.describe('Names this consumer; by default by machine and stage.'),
    startAt: oneOf('oldest', 'new').describe('Where a group begins that is not there yet.'),
    claimIdleMs: wholeNumber({ min: 100 }).describe(
      'How long a consumer may do nothing before its entries are taken over.',
    ),
    capacity: wholeNumber({ min: 1_024, max: 4_194_304 }).describe('Records that may wait.'),
    entryRecords: wholeNumber({ min: 1, max: 65_536 }).describe('Records that one entry has at most.'),
    positions: text.describe('A directory for notes of which entry each record was in.'),
  },
).describe('Entries of Redis Streams, as a consumer of a group.')

export function openRedisSource(
  market: Market,
  id: string,
  given: RedisSourceOptions,
): TE.TaskEither<StageProblem, Source> {
  return pipe(
    openRedis(given, ['from', 'redisStreams', 'url']),
    TE.chain((redis) =>
      TE.tryCatch(
        async () => {
          const log = given.positions === undefined ? undefined : new PositionLog(given.positions, id)
          return new RedisSource(market, redis, id, log, given)
        },
        (error): StageProblem => ({
          path: ['from', 'redisStreams', 'positions'],
          message: (error as Error).message,
        }),
      ),
    ),
  )
}

/**
 * Commands from Redis Streams, as a consumer of a group. An entry is acknowledged when all of its records have been
 * through the pipeline, and so through its journal. Entries are frames (field `frame`), lines of JSON (field `json`),
 * or the keys of such a line as fields.
 */
export class RedisSource implements Source {
  private readonly market: Market
  private readonly redis: Redis
  private readonly id: string
  private readonly log: PositionLog | undefined
  private readonly given: RedisSourceOptions
  private readonly arrivals: Arrivals
  private readonly inbox: FrameInbox
  private reader: GroupReader | undefined
  private readonly entries: Map<number, { readonly lane: number; readonly id: string; given: number }>
  private lastTag: number
  /** Tags whose records are in the batch on its way, and below which all are through. */
  private through: number[]
  private taken: Map<string, number>
  private repeated: number
  private isStopped: boolean

  constructor(
    market: Market,
    redis: Redis,
    id: string,
    log: PositionLog | undefined,
    given: RedisSourceOptions,
  ) {
    this.market = market
    this.redis = redis
    this.id = id
    this.log = log
    this.given = given
    this.arrivals = new Arrivals(market, Math.max(given.capacity ?? CAPACITY, 2 * (given.entryRecords ?? 1)))
    this.inbox = new FrameInbox(FrameKind.commands, this.arrivals.queue.capacity)
    this.reader = undefined
    this.entries = new Map()
    this.lastTag = 0
    this.through = []
    this.taken = new Map()
    this.repeated = 0
    this.isStopped = false
    this.arrivals.queue.onRoom = () => this.reader?.more()
    this.arrivals.onTaken = (tag, first, count) => this.note(tag, first, count)
  }

  pull(batch: Batch, upTo: number): boolean {
    if (this.reader === undefined && !this.isStopped) this.begin()
    // A batch is pulled when the last one has been through every stage, the journal among them.
    if (batch.count === 0) this.finish()
    this.arrivals.pull(batch, upTo)
    return !(this.isStopped && this.arrivals.isEmpty)
  }

  ready(): Promise<void> {
    this.finish()
    return this.arrivals.ready()
  }

  stop(): void {
    if (this.isStopped) return
    this.isStopped = true
    this.reader?.more()
    this.arrivals.queue.tell()
  }

  async close(): Promise<void> {
    this.stop()
    this.finish()
    await this.reader?.stop()
    this.log?.close()
    this.redis.disconnect()
  }

  report(): ReportSection {
    const { counts } = this.inbox
    const { reader } = this
    const figures = {
      streams: this.given.streams,
      entries: reader?.entries ?? 0,
      claimed: reader?.claimed ?? 0,
      acknowledged: reader?.acknowledged ?? 0,
      failures: reader?.failures ?? 0,
      lastFailure: reader?.lastFailure,
      repeated: this.repeated,
      ...counts.figures(),
    }
    const lines = [
      `${figures.entries} entries from ${this.given.streams.join(', ')} at ${shownUrl(this.given)}, ${figures.acknowledged} acknowledged`,
      `${figures.claimed} taken over from other consumers, ${figures.repeated} that the journal had, ${figures.badFrames} bad ones set aside`,
    ]
    return { title: 'redis streams', lines, figures }
  }

  private begin(): void {
    const {
      streams,
      group = 'millrace',
      consumer = `${hostname()}-${this.id}`,
      startAt = 'oldest',
    } = this.given
    const { claimIdleMs = CLAIM_MS, entryRecords = 1 } = this.given
    if (this.log !== undefined) this.taken = this.log.taken(this.market.sequence)
    this.reader = new GroupReader(this.redis, {
      keys: streams,
      group,
      consumer,
      startAt,
      claimIdleMs,
      room: () => (this.isStopped ? 0 : Math.floor(this.arrivals.room / entryRecords)),
      take: (entry) => this.take(entry),
    })
  }

  private take({ lane, id, fields }: Entry): void {
    const { arrivals, inbox } = this
    const had = this.taken.get(`${lane}/${id}`) ?? 0
    const tag = ++this.lastTag
    this.entries.set(tag, { lane, id, given: had })
    const frame = valueOf(fields, 'frame')
    if (frame === undefined) {
      const line = fields.length === 0 ? undefined : (valueOf(fields, 'json') ?? lineOf(fields))
      if (had > 0 || line === undefined) return this.pass(tag, had > 0)
      inbox.counts.texts += arrivals.pushText(line, tag)
      return
    }
    if (!inbox.open(frame)) return this.pass(tag, false)
    const { reader } = inbox
    if (had >= reader.count) return this.pass(tag, true)
    inbox.took(reader.count - had)
    arrivals.pushRecords(frame, reader.recordsAt + had * RECORD_BYTES, reader.count - had, tag)
  }

  /** An entry with nothing for the pipeline in it. */
  private pass(tag: number, isRepeated: boolean): void {
    if (isRepeated) this.repeated++
    this.acknowledge(tag)
  }

  private note(tag: number, first: number, count: number): void {
    const entry = this.entries.get(tag)!
    const [ms, part] = entry.id.split('-').map(Number) as [number, number]
    this.log?.note({
      sequence: this.market.sequence + first + 1,
      count,
      message: ms,
      part,
      lane: entry.lane,
      offset: entry.given,
    })
    entry.given += count
    this.through.push(tag)
  }

  /** Acknowledges entries of which nothing waits any more. */
  private finish(): void {
    if (this.through.length === 0) return
    const waiting = this.arrivals.currentTag
    const through = this.through.filter((tag) => tag === waiting)
    for (const tag of new Set(this.through)) if (tag !== waiting) this.acknowledge(tag)
    this.through = through
  }

  private acknowledge(tag: number): void {
    const entry = this.entries.get(tag)
    if (entry === undefined) return
    this.entries.delete(tag)
    this.reader?.done(entry.lane, entry.id)
  }
}

function valueOf(fields: readonly Buffer[], name: string): Buffer | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2)
    if (fields[i]!.equals(Buffer.from(name))) return fields[i + 1]
  return undefined
}

/** Fields as a line of JSON: values are text, as they may be there. */
function lineOf(fields: readonly Buffer[]): Buffer {
  const object: Record<string, string> = Object.create(null) as Record<string, string>
  for (let i = 0; i + 1 < fields.length; i += 2) object[String(fields[i])] = String(fields[i + 1])
  return Buffer.from(JSON.stringify(object))
}
