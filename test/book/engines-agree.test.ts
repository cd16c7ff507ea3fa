import { isDeepStrictEqual } from 'node:util'
import assert from 'node:assert/strict'
import test from 'ava'
import * as fc from 'fast-check'
import { Batch } from '../../src/book/batch.ts'
import { cancelOrder, pushCommand, type Command } from '../../src/book/command.ts'
import { readEvents } from '../../src/book/event.ts'
import { MatchingEngine } from '../../src/book/matching-engine.ts'
import { EventKind, RECORD_BYTES } from '../../src/book/record.ts'
import { FastEngine, suiteInstruments } from '../support/both-engines.ts'
import { checkBook, slotsInUse } from '../support/check-book.ts'
import { commands, damage, readCommand, streams, type Spread } from '../support/commands.ts'
import { NaiveEngine } from '../support/naive-engine.ts'

/** Streams a property is tried with; MILLRACE_FUZZ_RUNS=100000 makes a night of it. */
const RUNS = { numRuns: Number(process.env['MILLRACE_FUZZ_RUNS'] ?? 800), includeErrorInReport: true }
/** Just below where a sequence no longer fits 32 bits, so that streams cross it. */
const FIRST_SEQUENCE = 2 ** 32 - 50
const EMPTY = { orders: 0, levels: 0, nodes: 0, ids: 0 }

/** Gives both engines the same commands and requires the same answers of them, command by command. */
function compare(stream: readonly Command[]): void {
  const fast = new FastEngine(suiteInstruments())
  const naive = new NaiveEngine(suiteInstruments())
  const both = (command: Command): void => {
    const answer = fast.apply(command)
    const expected = naive.apply(command)
    if (!isDeepStrictEqual(answer, expected)) assert.deepEqual(answer, expected, JSON.stringify(command))
    assert.notEqual(expected[0]?.kind, EventKind.trade, "the first event is the command's own")
    checkBook(fast.engine)
  }
  stream.forEach((command, i) => both({ ...command, sequence: FIRST_SEQUENCE + i }))
  assert.equal(fast.stateHash(), naive.stateHash())
  for (const orderId of naive.liveIds()) both(cancelOrder(orderId))
  assert.equal(fast.stateHash(), naive.stateHash())
  assert.deepEqual(slotsInUse(fast.engine.book), EMPTY, 'nothing is left of cancelled orders')
}

for (const spread of ['narrow', 'wide'] satisfies Spread[])
  test(`engines - random streams at ${spread} prices leave both with the same events and state hash`, (t) => {
    fc.assert(fc.property(streams(spread), compare), RUNS)
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
      checkBook(engine, { anySequence: true })
    }
    assert.equal(engine.stateHash(), naive.stateHash())
  })
  fc.assert(property, RUNS)
  t.pass()
})
