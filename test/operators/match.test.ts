import test from 'ava'
import * as fc from 'fast-check'
import { EventKind, Instruments, MatchingEngine, RECORD_WORDS, RejectCode } from '../../src/book/index.ts'
import { match, type MatchOptions } from '../../src/operators/index.ts'
import { CheckedMatch } from '../../src/operators/match.ts'
import { fromStep } from '../../src/pipeline/island.ts'
import { Market } from '../../src/pipeline/market.ts'
import { buy, sell } from '../support/both-engines.ts'
import { streams } from '../support/commands.ts'
import { bytesOf, ended, inBatches, recordsOf } from '../support/streams.ts'

const SPECS = [0, 1, 2].map((n) => ({ symbol: `S${n}`, tick: '1', lot: '1' }))

test('match - gives the bytes that a matching engine gives', async (t) => {
  await fc.assert(
    fc.asyncProperty(streams('wide', 80), async (commands) => {
      const records = recordsOf(commands)
      const engine = new MatchingEngine(new Instruments(SPECS))
      for (let i = 0; i < records.count; i++) engine.apply(records.words, i * RECORD_WORDS)
      const expected = Buffer.from(engine.events.slice().words.buffer, 0, engine.events.count * 64)
      const market = new Market(SPECS)
      const half = records.count >>> 1
      const stream = inBatches(records, half, records.count - half).pipe(match(market))
      return expected.equals(await bytesOf(stream)) && engine.stateHash() === market.engine!.stateHash()
    }),
    { numRuns: 50 },
  )
  t.pass()
})

test('match - the events of a batch come together, those of the next one without them', async (t) => {
  const counts: number[] = []
  const records = recordsOf([sell(1, 2, 100), buy(2, 2, 100), buy(3, 1, 99), buy(3, 1, 99)])
  await ended(inBatches(records, 2, 0, 2).pipe(match(new Market(SPECS))), {
    next: ({ count }) => counts.push(count),
  })
  t.deepEqual(counts, [3, 0, 2])
})

test('match - what was refused before leaves as a rejection with its code, and does nothing', async (t) => {
  const market = new Market(SPECS)
  const refused = { ...buy(1, 1, 100), rejectCode: RejectCode.RISK_NOTIONAL }
  const events = await bytesOf(inBatches(recordsOf([refused]), 1).pipe(match(market)))
  t.is(events.length, 64)
  t.is(events[0], EventKind.rejected)
  t.is(events.readUInt16LE(4), RejectCode.RISK_NOTIONAL)
  t.is(market.engine!.liveOrders, 0)
})

test('match - the market knows its engine, and each run has one of its own', async (t) => {
  const market = new Market(SPECS)
  t.is(market.engine, undefined)
  const stream = inBatches(recordsOf([buy(1, 1, 100)]), 1).pipe(match(market))
  await ended(stream)
  const first = market.engine
  t.is(first!.liveOrders, 1)
  await ended(stream)
  t.not(market.engine, first)
  t.is(market.engine!.liveOrders, 1)
})

test('match - the last trade of an instrument is its reference price until there is one', async (t) => {
  const market = new Market([{ ...SPECS[0]!, referencePrice: '70' }, SPECS[1]!])
  const last = (): number[] => [0, 1].map((instrument) => market.lastTradeTicks(instrument))
  t.deepEqual(last(), [70, 0])
  await ended(inBatches(recordsOf([sell(1, 1, 100), buy(2, 1, 100)]), 2).pipe(match(market)))
  t.deepEqual(last(), [100, 0])
  const late = market.instruments.add({ symbol: 'LATE', tick: '1', lot: '1', referencePrice: '9' })
  t.is(market.lastTradeTicks(late), 9)
})

test('match - market data comes where it is asked for', async (t) => {
  const kinds = async (options?: MatchOptions): Promise<number[]> => {
    const events = await bytesOf(
      inBatches(recordsOf([buy(1, 1, 100)]), 1).pipe(match(new Market(SPECS), options)),
    )
    return Array.from({ length: events.length / 64 }, (_, i) => events[i * 64]!)
  }
  t.deepEqual(await kinds(), [EventKind.accepted])
  t.deepEqual(await kinds({ marketData: true }), [EventKind.accepted, EventKind.level, EventKind.bestPrices])
})

test('match - a checked engine gives the same, for its invariants hold', async (t) => {
  const commands = fc.sample(streams('narrow', 200), { numRuns: 5, seed: 4 }).flat()
  const eventsOf = (options?: MatchOptions): Promise<Buffer> =>
    bytesOf(inBatches(recordsOf(commands), commands.length).pipe(match(new Market(SPECS), options)))
  t.true((await eventsOf()).equals(await eventsOf({ check: 1 })))
})

test('match - a broken invariant ends the stream with its name, as soon as it is looked for', async (t) => {
  const market = new Market(SPECS)
  let looked = 0
  const make = (): CheckedMatch =>
    new CheckedMatch(market, false, 2, (engine) => {
      looked++
      return engine.liveOrders > 2 ? 'there are three orders' : undefined
    })
  const commands = [1, 2, 3, 4, 5].map((id) => buy(id, 1, 100))
  const error = await t.throwsAsync(bytesOf(inBatches(recordsOf(commands), 5).pipe(fromStep(make))))
  t.is(error.message, 'match: an invariant is broken after 4 commands: there are three orders')
  t.is(looked, 2, 'after the second command and the fourth')
})

test('match - options that are none are refused when the operator is made', (t) => {
  t.throws(() => match(new Market(SPECS), { check: 0, marketdata: true } as object), {
    instanceOf: TypeError,
    message: /^match\.check: expected a whole number above 0, got 0; match\.marketdata: unknown key/,
  })
})
