import { RECORD_WORDS, type Batch, type MatchingEngine } from '../book/index.ts'
import * as record from '../book/record.ts'
import { Journal } from '../journal/journal.ts'
import type { JournalOptions } from '../journal/options.ts'
import { numberBetween, oneOf, options, text, wholeNumber } from '../pipeline/codec.ts'
import type { Gate } from '../pipeline/gate.ts'
import type { Market } from '../pipeline/market.ts'
import type { ReportSection, Step } from '../pipeline/operator.ts'
import { thousands } from '../telemetry/text-table.ts'
import { MarketTables } from './journal-tables.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CODE } = record

/** Of the word at CODE; the other half are flags. */
const REJECT_CODE_MASK = 0xffff
/** From here on a reject code says what a stage found, below what the record itself lacks. */
const FIRST_STAGE_CODE = 40

/** Writes each batch of commands to a journal, and lets its events go when it is there. */
export class JournaledMatch implements Step {
  readonly output: Batch
  readonly journal: Journal
  private readonly engine: MatchingEngine
  private readonly afterEach: (() => void) | undefined
  private readonly pause: SyncPause | undefined
  private readonly upstream: Map<string, Step>
  private words: Int32Array
  private from: number
  private next: number

  /**
   * @param afterEach called after every command, to check the engine
   * @param upstream the steps that the journal was opened with
   */
  constructor(
    market: Market,
    journal: Journal,
    afterEach?: () => void,
    upstream: Map<string, Step> = new Map(),
  ) {
    const { durability, syncEveryMs, syncRecords } = journal.settings
    this.journal = journal
    this.engine = journal.engine
    this.output = journal.engine.events
    this.afterEach = afterEach
    this.upstream = upstream
    this.pause =
      durability === 'disk' && syncEveryMs > 0
        ? new SyncPause(market.gate, syncEveryMs, syncRecords)
        : undefined
    this.words = new Int32Array(0)
    this.from = 0
    this.next = 0
  }

  process(words: Int32Array, at: number): void {
    // Records come one behind the other as long as they are of one batch: they are copied together.
    if (at !== this.next || words !== this.words) this.begin(words, at)
    this.next = at + RECORD_WORDS
    this.engine.apply(words, at)
    this.afterEach?.()
  }

  commit(): void {
    const count = (this.next - this.from) / RECORD_WORDS
    this.journal.append(this.words, this.from, this.next)
    this.from = this.next = 0
    this.journal.commit(this.output)
    this.pause?.after(count)
  }

  flush(): void {
    this.journal.endBatch()
  }

  report(): ReportSection {
    const { recovery, settings } = this.journal
    const figures = this.journal.figures()
    const { snapshotSequence, replayed, seconds, notes } = recovery
    const megabytes = (figures.commandBytes / 1e6).toFixed(1)
    const syncMs =
      figures.syncs === 0
        ? ''
        : `, ${thousands(figures.syncs)} syncs of ${((figures.syncSeconds / figures.syncs) * 1e3).toFixed(3)} ms`
    return {
      title: 'journal',
      lines: [
        `journal ${settings.dir} (${settings.durability}): up to sequence ${thousands(figures.sequence)}, ${megabytes} MB of commands${syncMs}`,
        ...(replayed + snapshotSequence > 0
          ? [
              `  recovered in ${seconds.toFixed(2)} s: snapshot at ${thousands(snapshotSequence)}, ${thousands(replayed)} commands replayed`,
            ]
          : []),
        ...notes.map((note) => `  ${note}`),
      ],
      figures: { ...figures, recovery },
    }
  }

  /** The journal's next snapshots are of these steps. */
  upstreamIs(upstream: ReadonlyMap<string, Step>): void {
    this.upstream.clear()
    for (const [id, step] of upstream) this.upstream.set(id, step)
  }

  async close(): Promise<void> {
    this.pause?.end()
    await this.journal.close()
  }

  private begin(words: Int32Array, at: number): void {
    if (this.next > this.from) this.journal.append(this.words, this.from, this.next)
    this.words = words
    this.from = at
  }
}

/** Holds the source back after a sync that few commands went with, so that the next one takes more along. */
class SyncPause {
  private readonly gate: Gate
  private readonly everyMs: number
  private readonly records: number
  private timer: NodeJS.Timeout | undefined

  constructor(gate: Gate, everyMs: number, records: number) {
    this.gate = gate
    this.everyMs = everyMs
    this.records = records
    this.timer = undefined
  }

  after(count: number): void {
    if (count >= this.records || this.timer !== undefined) return
    this.gate.close()
    this.timer = setTimeout(() => this.end(), this.everyMs)
  }

  end(): void {
    if (this.timer === undefined) return
    clearTimeout(this.timer)
    this.timer = undefined
    this.gate.open()
  }
}

/**
 * Opens a journal for a market: its engine, names and sequence, and the state of the stages before it, are as they were.
 * @param upstream the steps before, by the ids of their stages; looked at again for each snapshot
 * @throws JournalError if that cannot be
 */
export function openJournal(
  market: Market,
  settings: JournalOptions,
  marketData: boolean,
  upstream: ReadonlyMap<string, Step> = new Map(),
): Journal {
  const keptOf = (): [string, Step][] => [...upstream].filter(([, step]) => step.snapshot !== undefined)
  const kept = keptOf()
  const scratch = new Int32Array(RECORD_WORDS)
  const journal = Journal.open(settings, {
    instruments: market.instruments,
    marketData,
    tables: new MarketTables(market),
    restoreStages: (stages, engine) => {
      market.engine = engine
      for (const [id, step] of kept) {
        const bytes = stages.get(id)
        if (bytes !== undefined) step.restore?.(bytes)
      }
    },
    onCommand:
      kept.length === 0
        ? undefined
        : (words, at, engine) => {
            market.engine = engine
            // They see the record as it was before any of them refused it; what they make of it is not wanted.
            scratch.set(words.subarray(at, at + RECORD_WORDS))
            if ((scratch[CODE]! & REJECT_CODE_MASK) >= FIRST_STAGE_CODE) scratch[CODE]! &= ~REJECT_CODE_MASK
            for (const [, step] of kept) step.process(scratch, 0)
          },
    onBlockEnd: () => {
      for (const [, step] of kept) step.flush?.()
    },
    stages: () => new Map(keptOf().map(([id, step]) => [id, step.snapshot!()])),
  })
  const { engine, sequence, commands } = journal
  market.engine = engine
  market.sequence = sequence
  market.recovered = { sequence, commands, orders: engine.liveOrders, lots: engine.openLots() }
  market.batchRecords = journal.settings.syncRecords
  return journal
}

const megabyte = 1_048_576

/** What a file says under `journal`. */
export const journalCodec = options(
  { dir: text },
  {
    durability: oneOf('none', 'os', 'disk'),
    syncRecords: wholeNumber({ min: 1, max: 65_536 }),
    syncEveryMs: numberBetween(0, 1_000),
    segmentBytes: wholeNumber({ min: megabyte, max: 1_024 * megabyte }),
    snapshotEvery: wholeNumber({ min: 0 }),
    keepSnapshots: wholeNumber({ min: 1, max: 1_000 }),
    retain: options({}, { days: numberBetween(0, 36_500), bytes: wholeNumber({ min: 0 }) }),
    files: oneOf('write', 'map'),
  },
)
