import type { Redis } from 'ioredis'
import { readEvent } from '../book/event.ts'
import { RECORD_WORDS } from '../book/record.ts'
import { FrameReader, recordsOf } from './frame.ts'
import { EVENT_NAMES } from './subjects.ts'

/** An event on the bus. */
export interface BusEvent {
  readonly stream: string
  /** Of the entry, by which to go on behind it. */
  readonly id: string
  /** Sequence of the command that caused it. */
  readonly sequence: number
  /** `accepted`, `trade` and so on. */
  readonly event: string
  readonly symbol: string
  /** Whose it is: one client, or of a trade two. */
  readonly clients: readonly string[]
  /** What the entry says; of a packed one, the record as an object. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Which events: those of a symbol, a client, some kinds. What is left out is any. */
export interface BusFilter {
  readonly symbol?: string
  readonly client?: string
  readonly events?: readonly string[]
}

/** Where to begin: with what is new, behind an entry's id, with a sequence, or at a time in milliseconds since 1970. */
export type BusStart =
  | 'new'
  | 'oldest'
  | { readonly afterId: string }
  | { readonly sequence: number }
  | { readonly timeMs: number }

export interface BusOptions {
  /** What stands in front of the keys. */
  readonly prefix?: string
  /** Told when a stream begins behind the place asked for: the cap has taken what was before. */
  readonly onTruncated?: (stream: string) => void
}

const READ_ENTRIES = 512
const BLOCK_MS = 500

/**
 * Events from Redis Streams: history and what comes live, in one go, without gap or double, for both are read by the id
 * of the last entry. Symbol and kind choose the streams, so that the server sends little else; client and the finer
 * kinds are filtered here. Events of one stream come in their order.
 */
export class EventBus {
  private readonly redis: Redis
  private readonly prefix: string
  private readonly onTruncated: (stream: string) => void

  constructor(redis: Redis, { prefix = '', onTruncated = () => {} }: BusOptions = {}) {
    this.redis = redis
    this.prefix = prefix
    this.onTruncated = onTruncated
  }

  /**
   * Hands on events until the subscription is closed; the next are read when the handler is done with the last.
   * A connection that breaks is waited for.
   */
  async subscribe(
    filter: BusFilter,
    from: BusStart,
    handler: (event: BusEvent) => void | Promise<void>,
  ): Promise<BusSubscription> {
    const streams = await this.streamsOf(filter)
    const after = new Map<string, string>()
    for (const stream of streams) after.set(stream, await this.startOf(stream, from))
    const least = typeof from === 'object' && 'sequence' in from ? from.sequence : 0
    return new BusSubscription(this.redis, after, (event) =>
      event.sequence >= least && matches(filter, event) ? handler(event) : undefined,
    )
  }

  /** The streams that can hold what a filter lets pass. */
  private async streamsOf({ symbol, events }: BusFilter): Promise<string[]> {
    const wanted = new Set((events ?? EVENT_NAMES.filter(Boolean)).map(groupOf))
    const streams: string[] = []
    for (const group of wanted) {
      if (symbol !== undefined) streams.push(`${this.prefix}${group}:${symbol}`)
      else if (group === 'trades') streams.push(`${this.prefix}trades:all`)
      else streams.push(...(await this.scan(`${this.prefix}${group}:`)))
    }
    return streams
  }

  private async scan(prefix: string): Promise<string[]> {
    const keys = new Set<string>()
    let cursor = '0'
    do {
      const pattern = `${prefix.replace(/[*?[\]\\]/g, '\\$&')}*`
      const [next, found] = await this.redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000)
      for (const key of found) keys.add(key)
      cursor = next
    } while (cursor !== '0')
    return [...keys].sort()
  }

  /** The id behind which to begin. */
  private async startOf(stream: string, from: BusStart): Promise<string> {
    if (from === 'oldest') return '0-0'
    if (from === 'new') return (await this.edge(stream, 'last'))?.[0] ?? '0-0'
    if ('afterId' in from) {
      const first = (await this.edge(stream, 'first'))?.[0]
      if (first !== undefined && idMs(first) > idMs(from.afterId)) this.onTruncated(stream)
      return from.afterId
    }
    if ('timeMs' in from) return `${from.timeMs - 1}-18446744073709551615`
    return this.beforeSequence(stream, from.sequence)
  }

  /** Sequences rise with ids, so the place is found by halving the time between the first entry and the last. */
  private async beforeSequence(stream: string, sequence: number): Promise<string> {
    const [first, last] = [await this.edge(stream, 'first'), await this.edge(stream, 'last')]
    if (first === undefined || last === undefined) return '0-0'
    if (sequenceOf(first) > sequence) this.onTruncated(stream)
    let [low, high] = [idMs(first[0]), idMs(last[0]) + 1]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const found = (await this.redis.xrangeBuffer(stream, middle, '+', 'COUNT', 1))[0]
      if (found === undefined || sequenceOf(entryOf(found)) >= sequence) high = middle
      else low = idMs(String(found[0])) + 1
    }
    // Several entries have one millisecond: those before the sequence are passed over by their own.
    return `${Math.max(0, low - 2)}-18446744073709551615`
  }

  private async edge(stream: string, which: 'first' | 'last'): Promise<[string, Buffer[]] | undefined> {
    const found =
      which === 'first'
        ? await this.redis.xrangeBuffer(stream, '-', '+', 'COUNT', 1)
        : await this.redis.xrevrangeBuffer(stream, '+', '-', 'COUNT', 1)
    return found[0] === undefined ? undefined : entryOf(found[0])
  }
}

type RawEntry = [Buffer, Buffer[]]

/** A subscription that reads until it is closed. */
export class BusSubscription {
  events: number
  failures: number
  /** Why it ended, if its handler threw. */
  readonly over: Promise<void>
  private readonly redis: Redis
  private readonly after: Map<string, string>
  private readonly handler: (event: BusEvent) => void | Promise<void> | undefined
  private isClosed: boolean
  private readonly reader: FrameReader

  constructor(
    redis: Redis,
    after: Map<string, string>,
    handler: (event: BusEvent) => void | Promise<void> | undefined,
  ) {
    this.events = 0
    this.failures = 0
    this.redis = redis.duplicate()
    this.redis.on('error', () => {})
    this.after = after
    this.handler = handler
    this.isClosed = false
    this.reader = new FrameReader()
    this.over = this.run()
  }

  /** The last entry of each stream that was handed on. */
  get position(): ReadonlyMap<string, string> {
    return this.after
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.redis.disconnect()
    await this.over
  }

  private async run(): Promise<void> {
    if (this.after.size === 0) return
    while (!this.isClosed) {
      let answer: unknown
      try {
        if (this.redis.status === 'wait' || this.redis.status === 'end') await this.redis.connect()
        const keys = [...this.after.keys()]
        answer = await this.redis.xreadBuffer(
          'COUNT',
          READ_ENTRIES,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          ...keys,
          ...this.after.values(),
        )
      } catch {
        if (this.isClosed) return
        this.failures++
        await new Promise((resolve) => setTimeout(resolve, 50))
        continue
      }
      if (answer === null || answer === undefined) continue
      for (const [key, entries] of (answer instanceof Map ? [...answer] : answer) as [Buffer, RawEntry[]][])
        for (const entry of entries) {
          if (this.isClosed) return
          await this.hand(String(key), entry)
        }
    }
  }

  private async hand(stream: string, entry: RawEntry): Promise<void> {
    const [id, values] = entryOf(entry)
    for (const event of this.eventsOf(stream, id, values)) {
      const done = this.handler(event)
      if (done !== undefined) await done
      this.events++
    }
    this.after.set(stream, id)
  }

  private eventsOf(stream: string, id: string, values: readonly Buffer[]): BusEvent[] {
    const symbol = stream.slice(stream.lastIndexOf(':') + 1)
    if (String(values[0]) !== 'frame') {
      const fields: Record<string, string> = {}
      for (let i = 0; i + 1 < values.length; i += 2) fields[String(values[i])] = String(values[i + 1])
      const clients = [fields['client'], fields['takerClient'], fields['makerClient']].filter(
        (one) => one !== undefined,
      )
      return [
        {
          stream,
          id,
          sequence: Number(fields['sequence']),
          event: fields['event'] ?? '',
          symbol: fields['symbol'] ?? symbol,
          clients,
          fields,
        },
      ]
    }
    const { reader } = this
    const frame = values[1]!
    if (reader.read(frame) !== undefined) return []
    const words = recordsOf(frame, reader)
    return Array.from({ length: reader.count }, (_, i) => {
      const event = readEvent(words, i * RECORD_WORDS)
      const clients = 'makerClient' in event ? [event.client, event.makerClient] : [event.client]
      const fields = event as unknown as Record<string, unknown>
      return {
        stream,
        id,
        sequence: event.sequence,
        event: EVENT_NAMES[event.kind]!,
        symbol,
        clients: clients.map(String),
        fields,
      }
    })
  }
}

function matches({ symbol, client, events }: BusFilter, event: BusEvent): boolean {
  return (
    (symbol === undefined || event.symbol === symbol) &&
    (client === undefined || event.clients.includes(client)) &&
    (events === undefined || events.includes(event.event))
  )
}

/** The streams that hold events of a kind. */
function groupOf(event: string): string {
  if (event === 'trade') return 'trades'
  return ['level', 'bestPrices', 'best', 'indication'].includes(event) ? 'book' : 'orders'
}

function entryOf([id, fields]: RawEntry): [string, Buffer[]] {
  return [String(id), fields]
}

function idMs(id: string): number {
  return Number(id.split('-')[0])
}

/** The sequence that an entry begins with. */
function sequenceOf([, values]: [string, readonly Buffer[]]): number {
  if (String(values[0]) === 'frame') {
    const reader = new FrameReader()
    return reader.read(values[1]!) === undefined ? reader.cause : 0
  }
  const at = values.findIndex((value, i) => i % 2 === 0 && String(value) === 'sequence')
  return at === -1 ? 0 : Number(String(values[at + 1]))
}
