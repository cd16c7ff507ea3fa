import { createHash } from 'node:crypto'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { FLOW_KINDS, generateWorkload, type FlowKind } from '../../../src/cli/bench/flow.ts'
import { checkAnswer, toPlayable } from '../../../src/cli/bench/play.ts'
import {
  decodeWorkload,
  encodeWorkload,
  formatWorkloadError,
  Op,
  readRecords,
  type WorkloadRecord,
} from '../../../src/cli/bench/workload.ts'
import { naiveAnswer } from '../../support/workload-answer.ts'

const RECORDS: readonly WorkloadRecord[] = [
  { op: Op.limit, side: 0, instrument: 0, id: 1, priceTicks: 2_147_483_647, lots: 2_147_483_647 },
  { op: Op.limit, side: 1, instrument: 65_535, id: 4_294_967_295, priceTicks: 7, lots: 3 },
  { op: Op.cancel, side: 0, instrument: 65_535, id: 4_294_967_295, priceTicks: 0, lots: 0 },
  { op: Op.market, side: 1, instrument: 0, id: 9, priceTicks: 0, lots: 2 },
]

test('workload - what is written is read again', (t) => {
  const { bytes } = encodeWorkload(RECORDS, 1)
  const workload = decodeWorkload(bytes)
  t.deepEqual(workload, E.right({ prefill: 1, events: 3, instruments: 65_536, bytes }))
  if (E.isRight(workload)) t.deepEqual([...readRecords(workload.right, 0, 4)], RECORDS)
})

test('workload - the bytes are as the layout says', (t) => {
  const { bytes } = encodeWorkload(RECORDS.slice(1), 1)
  const header = [...Buffer.from('LOBW0001'), 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255]
  t.deepEqual([...bytes.subarray(0, 32)], [...header, 7, 0, 0, 0, 7, 0, 0, 0])
  t.deepEqual([...bytes.subarray(32, 48)], [0, 1, 255, 255, 255, 255, 255, 255, 7, 0, 0, 0, 3, 0, 0, 0])
})

/** A change of the good file of RECORDS, and what is said of it. */
const FAULTS: readonly (readonly [what: string, change: (bytes: Buffer) => Uint8Array, told: string])[] = [
  ['nothing', () => new Uint8Array(0), 'byte 0: begins with "", not "LOBW0001": no workload file'],
  [
    'another magic',
    (bytes) => bytes.fill('X', 0, 4),
    'byte 0: begins with "XXXX0001", not "LOBW0001": no workload file',
  ],
  ['half a header', (bytes) => bytes.subarray(0, 20), 'byte 20: ends inside its header of 32 bytes'],
  ['another version', (bytes) => put(bytes, 8, 2), 'byte 8: version 2: expected 1'],
  ['nothing to measure', (bytes) => put(put(bytes, 12, 4), 16, 0), 'byte 16: has no events to measure'],
  [
    'half a record',
    (bytes) => bytes.subarray(0, 70),
    'record 2 (byte 70): the file ends here, its header says 4 records',
  ],
  [
    'a byte too many',
    (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
    'byte 96: goes on behind its 4 records',
  ],
  [
    'an op that is none',
    (bytes) => put(bytes, 48, 3),
    'record 1 (byte 48): op 3: expected 0 for a limit order, 1 for a cancel, 2 for a market order',
  ],
  [
    'a side that is none',
    (bytes) => put(bytes, 81, 2),
    'record 3 (byte 81): side 2: expected 0 for buy, 1 for sell',
  ],
  ['an id of 0', (bytes) => put(bytes, 84, 0), 'record 3 (byte 84): id 0: ids begin with 1'],
  ['a price of 0', (bytes) => put(bytes, 56, 0), 'record 1 (byte 56): price 0: expected 1 tick or more'],
  [
    'no lots',
    (bytes) => put(bytes, 92, 0),
    'record 3 (byte 92): lots 0: expected a number from 1 to 2147483647',
  ],
  [
    'too many lots',
    (bytes) => put(bytes, 47, 128),
    'record 0 (byte 44): lots 2164260863: expected a number from 1 to 2147483647',
  ],
]

for (const [what, change, told] of FAULTS)
  test(`workload - a file with ${what} is refused, with where`, (t) => {
    const bytes = change(Buffer.from(encodeWorkload(RECORDS, 1).bytes))
    const workload = decodeWorkload(bytes)
    t.is(E.isLeft(workload) ? formatWorkloadError('w', workload.left) : 'good', `w: ${told}`)
  })

function put(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value
  return bytes
}

function flow(kind: FlowKind, instruments = 1) {
  return generateWorkload({ kind, seed: 42, events: 2_000, live: 100, instruments })
}

const SHA256: Readonly<Record<FlowKind, string>> = {
  steady: '3810c610abe91de4ee93d4bd036acad67ab5be36dc6a0fa8d351db69553b2c46',
  swing: '930881145dbd4278ef1390f3218774fde5eea090546782e58473e7cb4a58412d',
  drift: '59158b0b429d0a97bbe5adde6e852dab9c1c3bea12f6dc3c71b3902153e6cc52',
  'one-level': 'b84e810bd172b7b2d2595328a9dbce4eedc58abcc09ff2d06c877f768fab0a76',
}

for (const kind of FLOW_KINDS) {
  test(`flow - ${kind} of seed 42 is the same bytes everywhere`, (t) => {
    t.is(createHash('sha256').update(flow(kind).bytes).digest('hex'), SHA256[kind])
  })

  for (const instruments of [1, 10])
    test(`flow - ${kind} in ${instruments} books trades as the naive engine does`, (t) => {
      const workload = flow(kind, instruments)
      const { trades, lots, hash } = naiveAnswer(workload.bytes)
      t.true(trades > 50)
      t.deepEqual(checkAnswer(toPlayable(workload)), { trades, lots, hash, rejected: 0 })
    })
}

test('flow - a swing moves the price of trades by more than 40% of its value', (t) => {
  const { lowestTicks, highestTicks } = naiveAnswer(flow('swing').bytes)
  t.true(highestTicks > 1.4 * lowestTicks, `${lowestTicks} to ${highestTicks}`)
})

test('flow - a drift trades higher the longer it lasts', (t) => {
  const { highestTicks } = naiveAnswer(flow('drift').bytes)
  const longer = generateWorkload({ kind: 'drift', seed: 42, events: 4_000, live: 100 })
  t.true(naiveAnswer(longer.bytes).highestTicks > highestTicks + 50)
})

test('flow - in one level all orders have one price', (t) => {
  const workload = flow('one-level')
  const limits = [...readRecords(workload, 0, 2_100)].filter(({ op }) => op === Op.limit)
  t.deepEqual(new Set(limits.map(({ side, priceTicks }) => `${side} ${priceTicks}`)), new Set(['0 10000']))
})
