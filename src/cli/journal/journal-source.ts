import { RECORD_WORDS, rejectName, type Batch } from '../../book/index.ts'
import { CODE, INSTRUMENT, readU64, SEQUENCE, TIMESTAMP_NS } from '../../book/record.ts'
import { BlockKind, SegmentKind } from '../../journal/layout.ts'
import { LogReader } from '../../journal/log-reader.ts'
import { blockRecords, blockText } from '../../journal/segment-reader.ts'
import { RecordedTables, type TableEntries } from '../../journal/tables.ts'
import { Instruments } from '../../book/index.ts'
import { JournalError } from '../../journal/problem.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Source } from '../../pipeline/operator.ts'
import { thousands } from '../../telemetry/text-table.ts'
import { MarketTables } from '../../operators/journal-tables.ts'
import type { Pacer } from './pacer.ts'

const REJECT_CODE_MASK = 0xffff
/** From here on a reject code says what a stage or the book found, below what the record itself lacks. */
const FIRST_STAGE_CODE = 40

/** The commands of a journal as a source: as they came in, before any stage refused them. */
export class JournalSource implements Source {
  private readonly reader: LogReader
  private readonly market: Market
  private readonly tables: MarketTables
  private readonly from: number
  private readonly to: number
  private readonly pacer: Pacer | undefined
  /** Which instrument of the market each of the journal's is; -1 where there is none. */
  private numbers: number[]
  private recorded: RecordedTables | undefined
  private words: Int32Array
  private at: number
  private isOver: boolean
  private readonly refused = new Map<number, number>()

  /** @throws JournalError if the log does not have the first sequence, or the instruments do not go together */
  constructor(dir: string, market: Market, from: number, to: number, pacer?: Pacer) {
    this.reader = new LogReader(dir, SegmentKind.commands, from)
    this.market = market
    this.tables = new MarketTables(market)
    this.from = from
    this.to = to
    this.pacer = pacer
    this.numbers = []
    this.recorded = undefined
    this.words = new Int32Array(0)
    this.at = 0
    this.isOver = false
    this.load()
  }

  pull(batch: Batch, upTo: number): boolean {
    while (batch.count < upTo && !this.isOver) {
      if (this.at === this.words.length) {
        this.load()
        continue
      }
      if (this.pacer !== undefined && this.pacer.dueMs(readU64(this.words, this.at + TIMESTAMP_NS)) > 1)
        return true
      this.give(batch)
    }
    return !this.isOver
  }

  /** With a pace: resolves when the next command is due. */
  async ready(): Promise<void> {
    const ms = this.pacer?.dueMs(readU64(this.words, this.at + TIMESTAMP_NS)) ?? 0
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
  }

  stop(): void {
    this.isOver = true
  }

  async close(): Promise<void> {
    this.reader.close()
  }

  report(): ReportSection {
    const rows = [...this.refused].map(([code, count]) => [rejectName(code), count] as const)
    return {
      title: 'recorded',
      lines: [
        rows.length === 0 ? 'when recorded, no stage refused a command' : 'when recorded, stages refused',
        ...rows.map(([name, count]) => `  ${name.padEnd(24)} ${thousands(count)}`),
      ],
      figures: { refusedBy: Object.fromEntries(rows) },
    }
  }

  private give(batch: Batch): void {
    const { words, at } = this
    this.at += RECORD_WORDS
    const to = batch.count * RECORD_WORDS
    for (let word = 0; word < RECORD_WORDS; word++) batch.words[to + word] = words[at + word]!
    const code = words[at + CODE]! & REJECT_CODE_MASK
    if (code >= FIRST_STAGE_CODE) {
      this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
      batch.words[to + CODE]! &= ~REJECT_CODE_MASK
    }
    const instrument = words[at + INSTRUMENT]!
    if (instrument >= 0) batch.words[to + INSTRUMENT] = this.numbers[instrument] ?? instrument
    batch.count++
  }

  /** The next block that has commands of the range. */
  private load(): void {
    const block = this.reader.read()
    if (block === undefined || (block.kind === BlockKind.commands && block.firstSequence > this.to)) {
      this.isOver = true
      return
    }
    this.follow()
    if (block.kind === BlockKind.tables) {
      const { clients, groups, orders, instruments } = JSON.parse(blockText(block)) as TableEntries
      this.recorded!.adopt(instruments === undefined ? {} : { instruments })
      this.tables.adopt({
        ...(clients === undefined ? {} : { clients }),
        ...(groups === undefined ? {} : { groups }),
        ...(orders === undefined ? {} : { orders }),
      })
      this.mapInstruments()
      return
    }
    const words = blockRecords(block)
    let [first, end] = [0, words.length]
    while (first < end && readU64(words, first + SEQUENCE) < this.from) first += RECORD_WORDS
    while (end > first && readU64(words, end - RECORD_WORDS + SEQUENCE) > this.to) end -= RECORD_WORDS
    this.words = words.slice(first, end)
    this.at = 0
  }

  private follow(): void {
    if (this.recorded !== undefined) return
    this.recorded = new RecordedTables(new Instruments(this.reader.configuration!.instruments))
    this.mapInstruments()
  }

  /** Numbers are a pipeline's own: what two have in common is the symbol. */
  private mapInstruments(): void {
    const { instruments } = this.recorded!
    for (let at = this.numbers.length; at < instruments.count; at++) {
      const number = this.market.instrument(instruments.symbol(at))
      this.numbers.push(number ?? -2)
      if (number === undefined) continue
      const [was, is] = [stepsOf(instruments, at), stepsOf(this.market.instruments, number)]
      if (was !== is)
        throw new JournalError(
          this.reader.dir,
          `${instruments.symbol(at)} was recorded with ${was}, and the pipeline has ${is}: its commands mean something else there`,
        )
    }
  }
}

function stepsOf(instruments: Instruments, at: number): string {
  return `tick ${instruments.formatPrice(at, 1)} and lot ${instruments.formatQuantity(at, 1)}`
}
