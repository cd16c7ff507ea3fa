import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { Backoff } from '../backoff.ts'
import type { EventPosition } from '../event-lanes.ts'

/**
 * Adds the entries of one chunk, all or none, and notes in the same step which chunk it was. A chunk that is sent again,
 * because a connection broke before its answer came, is known by its number and not added twice.
 *
 *  KEYS  1 the writer's state, then the streams
 *  ARGV  1 run, 2 chunk, 3 cause and 4 index of its last event, 5 cap, then for each entry: the index of its key, how
 *        many fields and values follow, and those; for a message to a channel: 0, 2, the channel, the message
 *
 * Returns `again`, or the indexes of the streams that were not there.
 */
const ADD_CHUNK = `
local state = redis.call('HMGET', KEYS[1], 'run', 'chunk')
if state[1] == ARGV[1] and tonumber(state[2]) >= tonumber(ARGV[2]) then return 'again' end
local missing = {}
if state[1] == ARGV[1] or tonumber(ARGV[2]) == 1 then else missing[1] = 0 end
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then missing[#missing + 1] = i - 1 end
end
local at = 6
while at <= #ARGV do
  local key = tonumber(ARGV[at])
  local count = tonumber(ARGV[at + 1])
  if key == 0 then
    redis.call('PUBLISH', ARGV[at + 2], ARGV[at + 3])
  else
    redis.call('XADD', KEYS[key + 1], 'MAXLEN', '~', ARGV[5], '*', unpack(ARGV, at + 2, at + 1 + count))
  end
  at = at + 2 + count
end
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'chunk', ARGV[2], 'cause', ARGV[3], 'index', ARGV[4])
return missing
`
const ADD_CHUNK_SHA = createHash('sha1').update(ADD_CHUNK).digest('hex')

/** Entries in one chunk: a few milliseconds of the server's time. */
const CHUNK_ENTRIES = 512
const FIRST_RETRY_MS = 20
const MOST_RETRY_MS = 1_000

type Value = string | Buffer

/** Entries that are sent, and answered, together. */
class Chunk {
  readonly keys: string[] = []
  readonly args: Value[] = []
  entries = 0
  cause = 0
  index = 0
  private readonly keyIndex = new Map<string, number>()

  indexOf(key: string): string {
    let index = this.keyIndex.get(key)
    if (index === undefined) {
      this.keys.push(key)
      index = this.keys.length
      this.keyIndex.set(key, index)
    }
    return String(index)
  }
}

export interface StreamWriterOptions {
  /** Names the writer's state, and so the stream of events that is resumed after a restart. */
  readonly writer: string
  /** Entries that a stream keeps, approximately. */
  readonly cap: number
  /** Entries that may wait before `onFull`. */
  readonly bufferEntries: number
}

/**
 * Writes entries to streams in chunks, in order, each exactly once for as long as the server keeps its data. A server
 * that is away, busy with a script, out of memory or read-only is asked again until it takes them.
 */
export class StreamWriter {
  entries: number
  chunks: number
  retries: number
  /** Streams that were gone though this writer had written to them: evicted, or deleted. */
  readonly evicted: Map<string, number>
  /** What the server said last when it did not take a chunk. */
  lastRefusal: string | undefined
  readonly refusals: Map<string, number>
  onFull: () => void
  onRoom: () => void
  /** A refusal that no waiting helps against. */
  onFailure: (message: string) => void
  private readonly redis: Redis
  private readonly options: StreamWriterOptions
  private readonly run: string
  private readonly known: Set<string>
  private readonly queue: Chunk[]
  private filling: Chunk
  private waiting: number
  private isSending: boolean
  private isFull: boolean
  private isClosed: boolean
  private hasFailed: boolean
  private idle: (() => void)[]
  private readonly backoff: Backoff

  constructor(redis: Redis, options: StreamWriterOptions) {
    this.entries = 0
    this.chunks = 0
    this.retries = 0
    this.evicted = new Map()
    this.lastRefusal = undefined
    this.refusals = new Map()
    this.onFull = () => {}
    this.onRoom = () => {}
    this.onFailure = () => {}
    this.redis = redis
    this.options = options
    this.run = crypto.randomUUID()
    this.known = new Set()
    this.queue = []
    this.filling = new Chunk()
    this.waiting = 0
    this.isSending = false
    this.isFull = false
    this.isClosed = false
    this.hasFailed = false
    this.idle = []
    this.backoff = new Backoff(FIRST_RETRY_MS, MOST_RETRY_MS)
  }

  get waitingEntries(): number {
    return this.waiting
  }

  get stateKey(): string {
    return `millrace:writer:${this.options.writer}`
  }

  get streams(): Iterable<string> {
    return this.known
  }

  /** The last event that a writer of this name has written, in this run or an earlier one. */
  async position(): Promise<EventPosition | undefined> {
    const [cause, index] = await this.redis.hmget(this.stateKey, 'cause', 'index')
    return typeof cause !== 'string' ? undefined : { cause: Number(cause), causeIndex: Number(index) }
  }

  /** Adds an entry: field, value, field, value. */
  add(key: string, fields: readonly Value[]): void {
    const { args } = this.filling
    args.push(this.filling.indexOf(key), String(fields.length))
    for (const field of fields) args.push(field)
    this.added()
  }

  publish(channel: string, message: Value): void {
    this.filling.args.push('0', '2', channel, message)
    this.added()
  }

  /** All entries of an event, the last so far, have been added. */
  at(cause: number, index: number): void {
    const { filling } = this
    filling.cause = cause
    filling.index = index
    if (filling.entries >= CHUNK_ENTRIES) this.seal()
  }

  /** Sends what has been gathered, unless a chunk is on its way: then it goes out behind that. */
  flush(): void {
    if (this.queue.length === 0) this.seal()
  }

  /** Resolves when the server has everything; rejects if that takes too long, or can never be. */
  async drain(timeoutMs: number): Promise<void> {
    this.seal()
    let timer: NodeJS.Timeout | undefined
    try {
      if (!this.hasFailed && (this.queue.length > 0 || this.isSending))
        await new Promise<void>((resolve) => {
          this.idle.push(resolve)
          timer = setTimeout(resolve, timeoutMs)
        })
    } finally {
      clearTimeout(timer)
      this.isClosed = true
    }
    if (this.waiting > 0) throw new Error(this.undelivered())
  }

  private undelivered(): string {
    const why = this.lastRefusal === undefined ? '' : ` (${this.lastRefusal})`
    return `${this.waiting} entries could not be written to Redis${why}`
  }

  private added(): void {
    this.filling.entries++
    this.waiting++
    if (this.waiting < this.options.bufferEntries || this.isFull) return
    this.isFull = true
    this.onFull()
  }

  private seal(): void {
    if (this.filling.entries === 0) return
    this.queue.push(this.filling)
    this.filling = new Chunk()
    if (!this.isSending) void this.send()
  }

  private async send(): Promise<void> {
    this.isSending = true
    while (this.queue.length > 0 && !this.isClosed) {
      const chunk = this.queue[0]!
      try {
        this.took(chunk, await this.evaluate(chunk, this.chunks + 1))
      } catch (error) {
        if (!(await this.mayRepeat(error as Error))) break
        continue
      }
      this.queue.shift()
      if (this.queue.length === 0) this.seal()
    }
    this.isSending = false
    if (this.queue.length > 0 && !this.hasFailed) return
    const { idle } = this
    this.idle = []
    for (const resolve of idle) resolve()
  }

  private async evaluate(chunk: Chunk, number: number): Promise<unknown> {
    const { keys, args, cause, index } = chunk
    const head = [this.run, number, cause, index, this.options.cap]
    const rest = [keys.length + 1, this.stateKey, ...keys, ...head]
    try {
      return await this.redis.evalsha(
        ADD_CHUNK_SHA,
        ...(rest.concat(args as string[]) as [number, ...string[]]),
      )
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error
      return this.redis.eval(ADD_CHUNK, ...(rest.concat(args as string[]) as [number, ...string[]]))
    }
  }

  private took(chunk: Chunk, answer: unknown): void {
    this.backoff.reset()
    this.chunks++
    this.entries += chunk.entries
    this.waiting -= chunk.entries
    for (const index of Array.isArray(answer) ? (answer as number[]) : []) {
      const key = index === 0 ? this.stateKey : chunk.keys[index - 1]!
      if (index === 0 || this.known.has(key)) this.evicted.set(key, (this.evicted.get(key) ?? 0) + 1)
    }
    for (const key of chunk.keys) this.known.add(key)
    if (!this.isFull || this.waiting > this.options.bufferEntries / 2) return
    this.isFull = false
    this.onRoom()
  }

  /** Waits, for whatever a server says that may pass. */
  private async mayRepeat(error: Error): Promise<boolean> {
    this.lastRefusal = error.message
    const code = /^[A-Z]+(?= )/.exec(error.message)?.[0] ?? 'CONNECTION'
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
    this.retries++
    if (FINAL.has(code) || this.isClosed) {
      this.hasFailed = true
      this.onFailure(error.message)
      return false
    }
    if (code === 'READONLY') this.redis.disconnect(true)
    await new Promise((resolve) => setTimeout(resolve, this.backoff.next()))
    return true
  }
}

/** What does not pass by waiting: a key of another type, a right that is missing, a script that is wrong. */
const FINAL: ReadonlySet<string> = new Set(['WRONGTYPE', 'NOPERM', 'NOAUTH', 'WRONGPASS'])
