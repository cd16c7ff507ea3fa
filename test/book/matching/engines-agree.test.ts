import { isDeepStrictEqual } from 'node:util'
import assert from 'node:assert/strict'
import test from 'ava'
import * as fc from 'fast-check'
import { Batch } from '../../../src/book/batch.ts'
import { cancelOrder, pushCommand, type Command } from '../../../src/book/command.ts'
import { readEvents } from '../../../src/book/event.ts'
import { checkInvariants } from '../../../src/book/recovery/invariants.ts'
import { MatchingEngine } from '../../../src/book/matching-engine.ts'
import { EventKind, RECORD_BYTES } from '../../../src/book/record.ts'
import { FastEngine, suiteInstruments } from '../../support/both-engines.ts'
import { commands, damage, readCommand, streams, type Spread } from '../../support/commands.ts'
import { difference, FLOW_LENGTH, flowOf } from '../../support/compare-engines.ts'
import { NaiveEngine } from '../../support/naive-engine.ts'

/** Streams a property is tried with; MILLRACE_FUZZ_RUNS=100000 makes a night of it. */
const RUNS = { numRuns: Number(process.env['MILLRACE_FUZZ_RUNS'] ?? 800), includeErrorInReport: true }
/** Commands of seeded flows in all; `npm run fuzz` goes on from other seeds, and shrinks what fails. */
const FLOW_COMMANDS = Number(process.env['MILLRACE_FLOW_COMMANDS'] ?? 2_000_000)
/** Just below where a sequence no longer fits 32 bits, so that streams cross it. */
const FIRST_SEQUENCE = 2 ** 32 - 50

/** Gives both engines the same commands and requires the same answers of them, command by command. */
function compare(stream: readonly Command[], marketData: boolean): void {
  const fast = new FastEngine(suiteInstruments(), { marketData })
  const naive = new NaiveEngine(suiteInstruments(), { marketData })
  const both = (command: Command): void => {
    const answer = fast.apply(command)
    const expected = naive.apply(command)
    if (!isDeepStrictEqual(answer, expected)) assert.deepEqual(answer, expected)
    assert.notEqual(expected[0]?.kind, EventKind.trade, "the first event is the command's own")
    assert.equal(checkInvariants(fast.engine), undefined)
  }
  stream.forEach((command, i) => both({ ...command, sequence: FIRST_SEQUENCE + i }))
  assert.equal(fast.stateHash(), naive.stateHash())
  for (const orderId of naive.liveIds()) both(cancelOrder(orderId))
  assert.equal(fast.stateHash(), naive.stateHash())
  assert.equal(fast.liveOrders, 0, 'nothing is left of cancelled orders')
}

for (const spread of ['narrow', 'wide'] satisfies Spread[])
  for (const marketData of [false, true])
    test(`engines - random streams at ${spread} prices ${marketData ? 'with' : 'without'} market data leave both with the same events and state hash`, (t) => {
      fc.assert(
        fc.property(streams(spread), (stream) => compare(stream, marketData)),
        RUNS,
      )
      t.pass()
    })

test(`engines - ${FLOW_COMMANDS} commands of seeded flows over all features are answered alike`, (t) => {
  for (let seed = 1; seed <= FLOW_COMMANDS / FLOW_LENGTH; seed++) {
    const { stream, marketData } = flowOf(seed)
    const problem = difference(stream, { marketData })
    assert.equal(problem, undefined, `npm run fuzz -- --seed ${seed} shrinks this`)
  }
  t.pass()
})

test('engines - a record with any bytes at all is answered alike and leaves the book whole', (t) => {
  const records = fc.array(fc.tuple(commands('narrow'), damage), {
    minLength: 1,
    maxLength: 100,
    size: 'max',
  })
  const property = fc.property(records, (records) => {
    const instruments = suiteInstruments()
    const engine = new MatchingEngine(instruments)
    const naive = new NaiveEngine(instruments)
    const batch = new Batch(1)
    const bytes = new Uint8Array(batch.words.buffer, 0, RECORD_BYTES)
    for (const [command, damaged] of records) {
      batch.count = 0
      engine.events.count = 0
      const at = pushCommand(batch, command)
      for (const [offset, byte] of damaged) bytes[offset] = byte
      engine.apply(batch.words, at)
      assert.ok(engine.events.count > 0, 'a command without an event')
      assert.deepEqual(readEvents(engine.events), naive.apply(readCommand(batch.words, at)))
      assert.equal(checkInvariants(engine, { anySequence: true }), undefined)
    }
    assert.equal(engine.stateHash(), naive.stateHash())
  })
  fc.assert(property, RUNS)
  t.pass()
})
