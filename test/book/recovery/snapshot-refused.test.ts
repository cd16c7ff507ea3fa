import zlib from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import { flagsOf, kill, setGroup, setState, type Command } from '../../../src/book/command.ts'
import { Instruments } from '../../../src/book/instruments.ts'
import type { MatchingEngine } from '../../../src/book/matching-engine.ts'
import * as record from '../../../src/book/record.ts'
import { restoreSnapshot } from '../../../src/book/recovery/restore.ts'
import { takeSnapshot } from '../../../src/book/recovery/snapshot.ts'
import { buy, FastEngine, sell } from '../../support/both-engines.ts'
import { flowInstruments, randomFlow } from '../../support/random-flow.ts'

const { OrderType, RECORD_WORDS, TradingState } = record

function engineAfter(commands: readonly Command[]): MatchingEngine {
  const fast = new FastEngine(flowInstruments())
  for (const command of commands) fast.apply(command)
  return fast.engine
}

const STOP = { orderType: OrderType.stop, stopTicks: 130 }
const TRAILING = { orderType: OrderType.trailingStop, stopTicks: 4 }

/** In the order of the snapshot: bids 1, 2 and 6 from the best, offer 3, sell stop 5, buy stop 4. */
const BOOK = [
  buy(1, 9, 100),
  buy(2, 9, 95, { displayLots: 2 }),
  sell(3, 9, 110),
  buy(4, 9, 0, STOP),
  buy(6, 9, 90, { flags: flagsOf({ linked: true }), linkedOrderId: 2 }),
  sell(7, 1, 100),
  sell(5, 9, 0, TRAILING),
]

/** The snapshot of the book above, with words changed and the checksum made right again unless it is what is changed. */
function damaged(change: (words: Int32Array, orders: number) => void, isSealed = true): Uint8Array {
  const bytes = takeSnapshot(engineAfter(BOOK))
  const words = new Int32Array(bytes.buffer)
  change(words, words.length - words[4]! * RECORD_WORDS)
  if (isSealed) words[2] = zlib.crc32(bytes.subarray(12)) | 0
  return bytes
}

/** Why a snapshot is refused, or that it is not. */
function refusal(bytes: Uint8Array): string {
  const answer = restoreSnapshot(bytes, flowInstruments())
  return typeof answer === 'string' ? answer : 'it is not refused'
}

function word(at: number, value: number): (words: Int32Array) => void {
  return (words) => {
    words[at] = value
  }
}

const WORDS = /^snapshot: has \d+ words, its header says \d+$/
const DAMAGED = /^snapshot: damaged, its checksum does not match$/

/** Title, word, value, whether the checksum is made right, what is said. */
const HEADER: readonly [string, number, number, boolean, RegExp][] = [
  ['another magic number', 0, 7, true, /^snapshot: not one of an order book$/],
  ['the version before', 1, 1, true, /^snapshot: of version 1, this reads version 2$/],
  ['another checksum', 2, 7, false, DAMAGED],
  ['more instruments than it holds', 3, 900, true, WORDS],
  ['a negative number of instruments', 3, -1, true, WORDS],
  ['fewer orders than it holds', 4, 5, true, WORDS],
  ['a negative number of orders', 4, -6, true, WORDS],
  ['another kill switch', 5, 1, false, DAMAGED],
  ['other trades', 6, 99, false, DAMAGED],
  ['other instruments', 8, 7, true, /^snapshot: taken over other instruments, or over other ticks or lots$/],
  ['another clock', 12, 99, false, DAMAGED],
  ['more killed clients than it holds', 14, 17, true, WORDS],
  ['more groups than it holds', 15, 9, true, WORDS],
  ['a trading state that is none', 17, 7, true, /^snapshot: instrument 0: its trading state is 7/],
  ['a last price below 0', 16, -1, true, /^snapshot: instrument 0: has a price below 0$/],
  ['a centre of the band below 0', 22, -1, true, /^snapshot: instrument 1: has a price below 0$/],
]

test('snapshot - the book that is damaged here is a good one', (t) => {
  const engine = engineAfter(BOOK)
  t.deepEqual(
    [...engine.orders(0, 0), ...engine.orders(0, 1), ...engine.stops(0, 1), ...engine.stops(0, 0)].map(
      ({ orderId }) => orderId,
    ),
    [1, 2, 6, 3, 5, 4],
  )
  t.not(
    typeof restoreSnapshot(
      damaged(() => {}),
      flowInstruments(),
    ),
    'string',
  )
})

for (const [title, at, value, isSealed, expected] of HEADER)
  test(`snapshot - ${title} is refused in words`, (t) => {
    t.regex(refusal(damaged(word(at, value), isSealed)), expected)
  })

/** Title, the order it is about, which record of the snapshot, word, value, what is said. */
const ORDERS: readonly [string, number, number, number, number, RegExp][] = [
  ['that is a cancel', 1, 0, record.HEAD, record.packHead(2, 0, 1, 1), /is not one/],
  ['of a type there is not', 1, 0, record.HEAD, record.packHead(1, 0, 9, 1), /is not one/],
  ['of a market type', 1, 0, record.HEAD, record.packHead(1, 0, 2, 1), /could not rest/],
  ['that is immediate-or-cancel', 1, 0, record.HEAD, record.packHead(1, 0, 1, 2), /could not rest/],
  ['of an instrument there is not', 1, 0, record.INSTRUMENT, 77, /is not one/],
  ['of a negative instrument', 1, 0, record.INSTRUMENT, -1, /is not one/],
  ['at a price of 0', 1, 0, record.PRICE_TICKS, 0, /is not one/],
  ['of a negative total', 1, 0, record.LOTS, -9, /is not one/],
  ['with flags that mean nothing', 1, 0, record.CODE, 0x8000 << 16, /is not one/],
  ['without open lots', 1, 0, record.MIN_LOTS, 0, /has 0 lots open of 9/],
  ['with more open lots than lots', 1, 0, record.MIN_LOTS, 10, /has 10 lots open of 9/],
  ['with the id of another', 2, 1, record.ORDER_ID, 1, /order 1: is there twice/],
  ['that shows more than it may', 2, 1, record.STOP_TICKS, 3, /shows 3 lots/],
  ['that shows nothing of an iceberg', 2, 1, record.STOP_TICKS, 0, /shows 0 lots/],
  [
    'linked with one that is not there',
    2,
    1,
    record.TIMESTAMP_NS,
    44,
    /is linked with 44, which is not there/,
  ],
  ['linked with itself', 2, 1, record.TIMESTAMP_NS, 2, /is linked with 2, which is not there/],
  ['linked with one that is linked', 3, 3, record.TIMESTAMP_NS, 2, /is linked with (two orders|2)/],
  ['that crosses the other side', 3, 3, record.PRICE_TICKS, 100, /instrument 0: its sides cross/],
  ['that has traded while it waited', 4, 5, record.MIN_LOTS, 8, /has traded while it waited/],
  ['that waits for a price of 0', 4, 5, record.STOP_TICKS, 0, /is not one/],
  ['that trails and waits for a price of 0', 5, 4, record.DISPLAY_LOTS, 0, /waits for 0 ticks/],
]

for (const [title, orderId, index, at, value, expected] of ORDERS)
  test(`snapshot - an order ${title} is refused although the checksum is right`, (t) => {
    const bytes = damaged((words, orders) => {
      t.is(words[orders + index * RECORD_WORDS + record.ORDER_ID], orderId, 'the order that is meant')
      words[orders + index * RECORD_WORDS + at] = value
    })
    const answer = refusal(bytes)
    t.regex(answer, expected)
    t.regex(answer, /^snapshot: (order \d+|instrument 0): /)
  })

test('snapshot - of other instruments, ticks or lots it is refused', (t) => {
  const spec = { symbol: 'A', tick: '0.01', lot: '1' }
  const specs = [spec, { ...spec, symbol: 'B' }]
  const bytes = takeSnapshot(new FastEngine(new Instruments(specs)).engine)
  t.is(restoreSnapshot(bytes, new Instruments([spec])), 'snapshot: of 2 instruments, there are 1')
  const others = 'snapshot: taken over other instruments, or over other ticks or lots'
  for (const change of [{ tick: '0.001' }, { lot: '10' }, { symbol: 'C' }])
    t.is(restoreSnapshot(bytes, new Instruments([spec, { ...specs[1]!, ...change }])), others)
})

test('snapshot - a flipped bit anywhere, or a missing end, is noticed', (t) => {
  const states = [kill(3), setGroup(2, 1), setState(TradingState.openingAuction, 1)]
  const bytes = takeSnapshot(engineAfter([...randomFlow(5, 300), ...BOOK, ...states]))
  const property = fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
    const broken = bytes.slice()
    broken[at]! ^= 1 << bit
    return typeof restoreSnapshot(broken, flowInstruments()) === 'string'
  })
  fc.assert(property, { numRuns: 1_000 })
  for (const length of [0, 1, 63, 64, 100, bytes.length - 64, bytes.length - 1])
    t.is(typeof restoreSnapshot(bytes.slice(0, length), flowInstruments()), 'string', `${length} bytes`)
})
