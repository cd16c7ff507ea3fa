import type { EdgeEnds, OnReject, RunOptions } from '../execution/run-options.ts'
import type { Market } from '../market.ts'
import type { PlannedEdge, PlannedIsland } from '../plan/plan.ts'
import { Bell } from './bell.ts'
import type { EdgeMemory } from './edge-memory.ts'
import { FeedReader, FeedWriter } from './market-feed.ts'
import { MAIN } from './protocol.ts'
import { ThreadReader } from './thread-reader.ts'
import { ThreadWriter } from './thread-writer.ts'

export interface ThreadEndsOptions {
  /** MAIN, or the thread's name. */
  readonly thread: string
  /** By island, its thread. */
  readonly threadOf: ReadonlyMap<string, string>
  readonly edges: Readonly<Record<string, EdgeMemory>>
  readonly bells: Readonly<Record<string, SharedArrayBuffer>>
  /** Of the main thread: of all others; else the thread's own. */
  readonly feeds: readonly SharedArrayBuffer[]
  readonly market: Market
}

/** The ends, on one thread, of the edges that join it to others. */
export class ThreadEnds {
  private readonly options: ThreadEndsOptions
  private readonly bells: ReadonlyMap<string, Bell>
  private readonly readers: ThreadReader[] = []
  private readonly writers: ThreadWriter[] = []
  private readonly feedWriter: FeedWriter | undefined
  private readonly feedReader: FeedReader | undefined

  constructor(options: ThreadEndsOptions) {
    const { thread, bells, feeds, market } = options
    this.options = options
    this.bells = new Map(Object.entries(bells).map(([name, memory]) => [name, new Bell(memory)]))
    this.feedWriter = thread === MAIN ? new FeedWriter(market, feeds) : undefined
    this.feedReader = thread === MAIN ? undefined : new FeedReader(market, feeds[0]!)
  }

  /** What a run on this thread is told. */
  runOptions(): Pick<RunOptions, 'hosts' | 'connect' | 'market'> {
    return {
      market: this.options.market,
      hosts: (island) => this.threadOf(island) === this.options.thread,
      connect: (edge, onReject) => this.connect(edge, onReject),
    }
  }

  listen(): void {
    this.bells.get(this.options.thread)!.listen(() => this.hear())
  }

  /** Breaks off all edges to other threads, so that nobody waits for this one. */
  async abort(): Promise<void> {
    await Promise.all([...this.writers.map((end) => end.abort()), ...this.readers.map((end) => end.close())])
    this.hear()
  }

  close(): void {
    this.feedReader?.close()
    for (const bell of this.bells.values()) bell.ring()
    this.bells.get(this.options.thread)!.stop()
  }

  private hear(): void {
    this.learn()
    for (const writer of this.writers) writer.heard()
    for (const reader of this.readers) reader.heard()
  }

  /** What there is to know. The main thread may wait for room to tell more. */
  private learn(): void {
    if (this.feedReader?.hear() === true) this.bells.get(MAIN)!.ring()
  }

  private threadOf({ id }: Pick<PlannedIsland, 'id'>): string {
    return this.options.threadOf.get(id) ?? MAIN
  }

  private connect(edge: PlannedEdge, onReject: OnReject): EdgeEnds | undefined {
    const { thread, edges, market } = this.options
    const [from, to] = [this.threadOf({ id: edge.fromIsland }), this.threadOf({ id: edge.toIsland })]
    if (from === to) return undefined
    const memory = edges[edge.id]!
    if (from === thread) {
      const { capacityRecords, whenFull } = edge.settings
      const writer = new ThreadWriter({
        edge: { ...edge, capacityRecords, whenFull, onReject },
        memory,
        bell: this.bells.get(to)!,
        beforeRecords: () => this.feedWriter === undefined || this.tell(),
      })
      this.writers.push(writer)
      return { writer, reader: undefined, link: writer }
    }
    const reader = new ThreadReader({
      edge,
      memory,
      bell: this.bells.get(from)!,
      beforeRecords: () => this.learn(),
      onWatermark: (sequence) => {
        if (thread !== MAIN && sequence > market.sequence) market.sequence = sequence
      },
    })
    this.readers.push(reader)
    return { writer: undefined, reader, link: reader }
  }

  /** Where a thread has not taken in what it was told, it is woken to do so, and the records wait. */
  private tell(): boolean {
    const isThrough = this.feedWriter!.tell()
    if (!isThrough) for (const [name, bell] of this.bells) if (name !== MAIN) bell.ring()
    return isThrough
  }
}
