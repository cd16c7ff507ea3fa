import assert from 'node:assert/strict'
import test from 'ava'
import fc from 'fast-check'
import { Batch } from '../../../src/book/batch.ts'
import { amendOrder, pushCommand, type Command } from '../../../src/book/command.ts'
import type { Instruments } from '../../../src/book/instruments.ts'
import { checkInvariants } from '../../../src/book/recovery/invariants.ts'
import { MatchingEngine } from '../../../src/book/matching-engine.ts'
import { RECORD_WORDS, Side } from '../../../src/book/record.ts'
import { restoreSnapshot } from '../../../src/book/recovery/restore.ts'
import { takeSnapshot } from '../../../src/book/recovery/snapshot.ts'
import { buy, sell } from '../../support/both-engines.ts'
import { flowInstruments, randomFlow } from '../../support/random-flow.ts'

const FLOW_LENGTH = 400
const RUNS = { numRuns: Number(process.env['MILLRACE_FUZZ_RUNS'] ?? 400), includeErrorInReport: true }

/** A command's events, record by record as bytes. */
function apply(engine: MatchingEngine, command: Command): Int32Array {
  const batch = new Batch(1)
  engine.events.count = 0
  engine.apply(batch.words, pushCommand(batch, command))
  return engine.events.words.slice(0, engine.events.count * RECORD_WORDS)
}

function engineAfter(commands: readonly Command[], marketData = false): MatchingEngine {
  const engine = new MatchingEngine(flowInstruments(), { marketData })
  commands.forEach((command, i) => apply(engine, { ...command, sequence: i + 1 }))
  return engine
}

function restored(bytes: Uint8Array, instruments: Instruments, marketData = false): MatchingEngine {
  const engine = restoreSnapshot(bytes, instruments, { marketData })
  if (typeof engine === 'string') throw new Error(engine)
  return engine
}

for (const marketData of [false, true])
  test(`snapshot - an engine put back goes on byte for byte as the one it was taken of, ${marketData ? 'with' : 'without'} market data`, (t) => {
    const property = fc.property(fc.nat(2 ** 30), fc.nat(FLOW_LENGTH), (seed, taken) => {
      const flow = randomFlow(seed, FLOW_LENGTH)
      const engine = engineAfter(flow.slice(0, taken), marketData)
      const bytes = takeSnapshot(engine)
      const again = restored(bytes, flowInstruments(), marketData)
      assert.equal(checkInvariants(again), undefined)
      assert.equal(again.stateHash(), engine.stateHash())
      assert.deepEqual(takeSnapshot(again), bytes, 'a second snapshot')
      flow.slice(taken).forEach((command, i) => {
        const numbered = { ...command, sequence: taken + i + 1 }
        const [answer, expected] = [apply(again, numbered), apply(engine, numbered)]
        if (!answer.every((word, at) => word === expected[at]) || answer.length !== expected.length)
          assert.deepEqual(answer, expected, `${i} commands later`)
      })
      assert.equal(again.stateHash(), engine.stateHash())
      assert.equal(checkInvariants(again), undefined)
    })
    fc.assert(property, RUNS)
    t.pass()
  })

test('snapshot - an order with fewer lots in all than it would show is put back', (t) => {
  for (const order of [buy(1, 30, 100, { displayLots: 20 }), sell(1, 30, 100, { displayLots: 20 })]) {
    const engine = engineAfter([order, amendOrder(1, { lots: 10 })])
    const again = restored(takeSnapshot(engine), flowInstruments())
    t.deepEqual(again.order(1), engine.order(1))
    t.is(again.stateHash(), engine.stateHash())
  }
})

test('snapshot - how an engine came to its state does not show in it', (t) => {
  const straight = engineAfter([buy(1, 5, 90), sell(2, 5, 110)])
  const byway = new MatchingEngine(flowInstruments())
  for (const [sequence, command] of [
    [1, buy(1, 5, 90)],
    [2, sell(2, 5, 110)],
    [3, buy(3, 7, 80)],
    [4, amendOrder(3, { priceTicks: 85 })],
  ] as const)
    apply(byway, { ...command, sequence })
  t.notDeepEqual(takeSnapshot(byway), takeSnapshot(straight))
  apply(byway, { kind: 2, orderId: 3, sequence: 5 })
  t.deepEqual(takeSnapshot(byway), takeSnapshot(straight))
})

test('snapshot - an empty engine has one too', (t) => {
  const engine = engineAfter([])
  t.is(restored(takeSnapshot(engine), flowInstruments()).stateHash(), engine.stateHash())
})

test('snapshot - instruments that came later begin at their reference price', (t) => {
  const bytes = takeSnapshot(engineAfter([]))
  const more = flowInstruments()
  const added = more.add({ symbol: 'NEW', tick: '1', lot: '1', referencePrice: '7' })
  t.is(restored(bytes, more).lastTrade(added), 7)
})

test('snapshot - one taken without market data may go on with it', (t) => {
  const bytes = takeSnapshot(engineAfter([buy(1, 5, 90), sell(2, 5, 110)]))
  const engine = restored(bytes, flowInstruments(), true)
  t.is(apply(engine, sell(3, 5, 90)).length / RECORD_WORDS, 4, 'accepted, trade, level, best prices')
  t.deepEqual(engine.depth(0, Side.buy, 9), [])
})

test('snapshot - one taken without an option for orders goes on with more than it made room for', (t) => {
  const engine = restored(takeSnapshot(engineAfter([])), flowInstruments())
  for (let orderId = 1; orderId <= 2_000; orderId++) apply(engine, buy(orderId, 1, orderId))
  t.is(checkInvariants(engine), undefined)
  t.is(engine.liveOrders, 2_000)
})

test('snapshot - one that lies at an odd place, as in a message, is read all the same', (t) => {
  const engine = new MatchingEngine(flowInstruments())
  const taken = takeSnapshot(engine)
  const message = Buffer.concat([Buffer.from('?'), taken])
  t.true(restoreSnapshot(message.subarray(1), flowInstruments()) instanceof MatchingEngine)
  const refused = restoreSnapshot(message.subarray(1, -1), flowInstruments())
  t.is(refused, `snapshot: ${taken.length - 1} bytes are no whole number of 32-bit words`)
})
