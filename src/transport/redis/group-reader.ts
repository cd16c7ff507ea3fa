import type { Redis } from 'ioredis'
import { Backoff } from '../backoff.ts'

/** An entry of a stream: `lane` is the stream's place in the list of keys. */
export interface Entry {
  readonly lane: number
  readonly id: string
  /** Field, value, field, value. */
  readonly fields: readonly Buffer[]
}

export interface GroupReaderOptions {
  readonly keys: readonly string[]
  readonly group: string
  readonly consumer: string
  /** Where a group that is made begins. */
  readonly startAt: 'oldest' | 'new'
  /** Entries of a consumer that has done nothing for so long are taken over. */
  readonly claimIdleMs: number
  /** Entries for which there is room. */
  readonly room: () => number
  readonly take: (entry: Entry) => void
}

const BLOCK_MS = 500
const MOST_ENTRIES = 512

/**
 * Reads streams as one consumer of a group, no more than there is room for. What was given to this consumer before and
 * not acknowledged comes first, oldest first, then what a dead consumer left, then what is new; so it is after every
 * failure, too, for an answer may have been lost with the connection. What is still held here does not come again.
 */
export class GroupReader {
  entries: number
  claimed: number
  acknowledged: number
  failures: number
  lastFailure: string | undefined
  private readonly redis: Redis
  /** A read that waits must not hold up what is to be acknowledged. */
  private readonly waiting: Redis
  private readonly options: GroupReaderOptions
  /** Entries that were handed on and are not acknowledged. */
  private readonly held: Set<string>
  private toAcknowledge: { readonly lane: number; readonly id: string }[]
  private acknowledging: Promise<void> | undefined
  private wake: () => void
  private isStopped: boolean
  private lastClaimMs: number
  private readonly backoff: Backoff
  private readonly over: Promise<void>

  constructor(redis: Redis, options: GroupReaderOptions) {
    this.entries = 0
    this.claimed = 0
    this.acknowledged = 0
    this.failures = 0
    this.lastFailure = undefined
    this.redis = redis
    this.waiting = redis.duplicate()
    this.waiting.on('error', () => {})
    this.options = options
    this.held = new Set()
    this.toAcknowledge = []
    this.acknowledging = undefined
    this.wake = () => {}
    this.isStopped = false
    this.lastClaimMs = -Infinity
    this.backoff = new Backoff(20, 1_000)
    this.over = this.run()
  }

  /** There is room again. */
  more(): void {
    this.wake()
  }

  /** An entry has been through the pipeline. */
  done(lane: number, id: string): void {
    this.toAcknowledge.push({ lane, id })
    if (this.acknowledging === undefined) this.acknowledging = this.acknowledge()
  }

  async stop(): Promise<void> {
    this.isStopped = true
    this.wake()
    this.waiting.disconnect()
    await this.over
    await this.acknowledging
  }

  private async run(): Promise<void> {
    while (!this.isStopped)
      try {
        if (this.waiting.status === 'wait' || this.waiting.status === 'end') await this.waiting.connect()
        await this.makeGroups()
        await this.readPending()
        for (;;) {
          if (this.isStopped) return
          if (performance.now() - this.lastClaimMs > this.options.claimIdleMs / 2) await this.claim()
          await this.readNew()
          this.backoff.reset()
        }
      } catch (error) {
        if (this.isStopped) return
        this.failures++
        this.lastFailure = (error as Error).message
        await new Promise((resolve) => setTimeout(resolve, this.backoff.next()))
      }
  }

  private async makeGroups(): Promise<void> {
    const { keys, group, startAt } = this.options
    for (const key of keys)
      await this.redis
        .xgroup('CREATE', key, group, startAt === 'oldest' ? '0' : '$', 'MKSTREAM')
        .catch((error: Error) => {
          if (!error.message.startsWith('BUSYGROUP')) throw error
        })
  }

  /** What this consumer was given and has not acknowledged. */
  private async readPending(): Promise<void> {
    const { keys, group, consumer } = this.options
    for (const [lane, key] of keys.entries()) {
      let after = '0'
      for (;;) {
        const count = await this.roomFor()
        if (this.isStopped) return
        const read = await this.redis.xreadgroupBuffer(
          'GROUP',
          group,
          consumer,
          'COUNT',
          count,
          'STREAMS',
          key,
          after,
        )
        const entries = entriesOf(read, [lane])
        if (entries.length === 0) break
        for (const entry of entries) this.hand(entry)
        after = entries.at(-1)!.id
      }
    }
  }

  /** What others were given and have not acknowledged for a while. */
  private async claim(): Promise<void> {
    this.lastClaimMs = performance.now()
    const { keys, group, consumer, claimIdleMs } = this.options
    for (const [lane, key] of keys.entries()) {
      let from = '0-0'
      do {
        const count = await this.roomFor()
        if (this.isStopped) return
        const answer = (await this.redis.callBuffer(
          'XAUTOCLAIM',
          key,
          group,
          consumer,
          String(claimIdleMs),
          from,
          'COUNT',
          String(count),
        )) as [Buffer, [Buffer, Buffer[] | null][]]
        from = String(answer[0])
        for (const [id, fields] of answer[1]) {
          const entry = { lane, id: String(id), fields: fields ?? [] }
          if (this.held.has(`${lane}/${entry.id}`)) continue
          this.claimed++
          this.hand(entry)
        }
      } while (from !== '0-0')
    }
  }

  private async readNew(): Promise<void> {
    const { keys, group, consumer } = this.options
    const count = await this.roomFor()
    if (this.isStopped) return
    const each = Math.max(1, Math.floor(count / keys.length))
    const read = await this.waiting.xreadgroupBuffer(
      'GROUP',
      group,
      consumer,
      'COUNT',
      each,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      ...keys,
      ...keys.map(() => '>'),
    )
    for (const entry of entriesOf(read, keys)) this.hand(entry)
  }

  private hand(entry: Entry): void {
    const name = `${entry.lane}/${entry.id}`
    if (this.held.has(name)) return
    this.held.add(name)
    this.entries++
    this.options.take(entry)
  }

  /** Waits for room. */
  private async roomFor(): Promise<number> {
    for (;;) {
      const room = Math.min(MOST_ENTRIES, this.options.room())
      if (room >= Math.max(1, this.options.keys.length) || this.isStopped) return room
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }

  private async acknowledge(): Promise<void> {
    while (this.toAcknowledge.length > 0) {
      const batch = this.toAcknowledge
      this.toAcknowledge = []
      const { keys, group } = this.options
      for (const [lane, key] of keys.entries()) {
        const ids = batch.filter((each) => each.lane === lane).map(({ id }) => id)
        while (ids.length > 0)
          try {
            await this.redis.xack(key, group, ...ids)
            this.acknowledged += ids.length
            for (const id of ids) this.held.delete(`${lane}/${id}`)
            break
          } catch (error) {
            this.lastFailure = (error as Error).message
            // What is not acknowledged comes again, to whoever is there then.
            if (this.isStopped && this.redis.status !== 'ready') return
            await new Promise((resolve) => setTimeout(resolve, 50))
          }
      }
    }
    this.acknowledging = undefined
  }
}

/** Entries of an answer, in the shape of the older protocol or of the newer one. */
function entriesOf(answer: unknown, keys: readonly unknown[]): Entry[] {
  if (answer === null || answer === undefined) return []
  const streams = (answer instanceof Map ? [...answer] : answer) as [Buffer, [Buffer, Buffer[] | null][]][]
  return streams.flatMap(([key, entries]) => {
    const lane = typeof keys[0] === 'number' ? keys[0] : keys.indexOf(String(key))
    // A pending entry that has been trimmed has no fields: it is handed on as empty, to be acknowledged.
    return entries.map(([id, fields]) => ({ lane, id: String(id), fields: fields ?? [] }))
  })
}
