import type { Observable } from 'rxjs'
import { Batch, CommandKind, EventKind, RECORD_WORDS, RejectCode } from '../../src/book/index.ts'
import {
  CLIENT,
  CODE,
  HEAD,
  headKind,
  LOTS,
  MAKER_CLIENT,
  SEQUENCE,
  writeU64,
} from '../../src/book/record.ts'
import type { JournalOptions } from '../../src/journal/options.ts'
import { Resumed } from '../../src/operators/input/resumed.ts'
import { openJournal, JournaledMatch } from '../../src/operators/journaled-match.ts'
import { registry } from '../../src/operators/registry.ts'
import { Simulator } from '../../src/operators/simulator/simulator.ts'
import { Island } from '../../src/pipeline/island.ts'
import { Market } from '../../src/pipeline/market.ts'
import type { Step } from '../../src/pipeline/operator.ts'
import { observeSource } from '../../src/pipeline/pump.ts'

const SPECS = [
  { symbol: 'AAPL', tick: '0.01', lot: '1', referencePrice: '585.33' },
  { symbol: 'AMZN', tick: '0.01', lot: '1', referencePrice: '223.88' },
  { symbol: 'GOOG', tick: '0.01', lot: '1', referencePrice: '577.20' },
]

/** Records of a batch: odd, so that blocks of many lengths come about. */
const BATCH_RECORDS = 397

/** Seeded flow through validate, risk and match, which goes on where its journal ends. */
export async function crashPipeline(
  seed: number,
  orders: number,
  journal: JournalOptions,
): Promise<Observable<Batch>> {
  const market = new Market(SPECS)
  const upstream = await stagesBefore(market)
  const source = new Resumed(new Simulator(market, { seed, orders, badShare: 0.03 }), market)
  const match = new JournaledMatch(market, openJournal(market, journal, false, upstream))
  const commands = observeSource(source, market, { batchRecords: BATCH_RECORDS })
  return new Island(
    commands,
    [...upstream.values(), match].map((step) => () => step),
  )
}

async function stagesBefore(market: Market): Promise<Map<string, Step>> {
  const limits = { maxOrderLots: 5_000, collarTicks: 200 }
  return new Map<string, Step>([
    ['validate', await stage('validate', {}, market)],
    ['risk', await stage('risk', { limits }, market)],
    ['fills', new Fills(market)],
  ])
}

/** A stage as a pipeline file makes it. */
async function stage(name: string, options: unknown, market: Market): Promise<Step> {
  const made = await registry.get(name)!.create(options, { id: name, market })()
  if (made._tag === 'Left') throw new Error(made.left.message)
  return made.right as Step
}

/** The same flow without a journal, to be taken as far as is asked: what an uninterrupted run comes to. */
export class Uninterrupted {
  sequence: number
  private readonly market: Market
  private readonly steps: readonly Step[]
  private readonly simulator: Simulator

  private constructor(market: Market, steps: readonly Step[], simulator: Simulator) {
    this.market = market
    this.steps = steps
    this.simulator = simulator
    this.sequence = 0
  }

  static async begin(seed: number, orders: number): Promise<Uninterrupted> {
    const market = new Market(SPECS)
    const steps = [...(await stagesBefore(market)).values(), await stage('match', {}, market)]
    return new Uninterrupted(market, steps, new Simulator(market, { seed, orders, badShare: 0.03 }))
  }

  /** The hash of the state behind a sequence, which is not before that of the last call. */
  hashAt(sequence: number): string {
    const batch = new Batch()
    while (this.sequence < sequence) {
      batch.count = 0
      this.simulator.pull(batch, Math.min(batch.capacity, sequence - this.sequence))
      if (batch.count === 0) throw new Error(`the flow ends before sequence ${sequence}`)
      this.market.engine!.events.count = 0
      for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS) {
        writeU64(batch.words, at + SEQUENCE, ++this.sequence)
        for (const step of this.steps) step.process(batch.words, at)
      }
      for (const step of this.steps) step.flush?.()
    }
    return this.market.engine!.stateHash()
  }
}

/** Every how manieth lot that a client's orders have traded refuses its next order. */
const REFUSED_AT = 7

/**
 * A stage whose decisions hang on all that went before: it counts what each client has traded from the events that the
 * engine has written so far in this batch, as a stage that follows positions does.
 */
class Fills implements Step {
  private readonly market: Market
  private lots: Float64Array
  private followed: number

  constructor(market: Market) {
    this.market = market
    this.lots = new Float64Array(1_024)
    this.followed = 0
  }

  process(words: Int32Array, at: number): void {
    this.follow()
    if ((words[at + CODE]! & 0xffff) !== 0 || headKind(words[at + HEAD]!) !== CommandKind.new) return
    const client = words[at + CLIENT]! & 1_023
    if (this.lots[client]! % REFUSED_AT === 1) {
      words[at + CODE]! |= RejectCode.RISK_ORDER_SIZE
      this.lots[client]!++
    }
  }

  flush(): void {
    this.follow()
    this.followed = 0
  }

  snapshot(): Uint8Array {
    return new Uint8Array(this.lots.slice().buffer)
  }

  restore(bytes: Uint8Array): void {
    this.lots = new Float64Array(Uint8Array.from(bytes).buffer)
  }

  private follow(): void {
    const { events } = this.market.engine!
    for (; this.followed < events.count; this.followed++) {
      const at = this.followed * RECORD_WORDS
      if (headKind(events.words[at + HEAD]!) !== EventKind.trade) continue
      for (const word of [CLIENT, MAKER_CLIENT])
        this.lots[events.words[at + word]! & 1_023]! += events.words[at + LOTS]!
    }
  }
}
