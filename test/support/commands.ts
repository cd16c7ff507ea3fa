import * as fc from 'fast-check'
import type { Command } from '../../src/book/command.ts'
import { ANY_INSTRUMENT } from '../../src/book/instruments.ts'
import {
  CommandKind,
  MAX_PRICE_TICKS,
  OrderType,
  readU64,
  RECORD_BYTES,
  TimeInForce,
} from '../../src/book/record.ts'
import * as record from '../../src/book/record.ts'

/** Where prices fall: in a few ticks, where orders meet, or anywhere, where the ladder is at its highest. */
export type Spread = 'narrow' | 'wide'

const ORDINARY_IDS = Array.from({ length: 24 }, (_, i) => i + 1)
/** The largest id, ids with one low half, one with a low half of zero, and one that is negative as 32 bits. */
const EDGE_IDS = [2 ** 53 - 1, 2 ** 32 + 7, 2 ** 33 + 7, 2 ** 52 + 7, 2 ** 32, 2 ** 31, 2 ** 32 - 1]
const EDGE_PRICES = [1, 2, 31, 32, 33, 1_023, 1_024, 32_767, 32_768, 2 ** 20, 2 ** 25, 2 ** 30 - 1, 2 ** 30]
const FAR_PRICES = [2 ** 30 + 1, 2 ** 31 - 33, 2 ** 31 - 2, MAX_PRICE_TICKS]

const orderId = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ORDINARY_IDS) },
  { weight: 1, arbitrary: fc.constantFrom(...EDGE_IDS) },
)
const side = fc.constantFrom(0, 1)
const client = fc.constantFrom(1, 2, 2 ** 32 - 1)
const instrument = fc.constantFrom(0, 0, 0, 1, 2)
const lots = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(50, 51, 1_000_000, 1_000_001, 2 ** 31 - 1) },
)
const orderType = fc.constantFrom(OrderType.limit, OrderType.limit, OrderType.limit, OrderType.market)
const timeInForce = fc.constantFrom(
  TimeInForce.gtc,
  TimeInForce.gtc,
  TimeInForce.gtc,
  TimeInForce.ioc,
  TimeInForce.fok,
)
const none = fc.constant(0)

const priceTicks: Record<Spread, fc.Arbitrary<number>> = {
  narrow: fc.integer({ min: 97, max: 104 }),
  wide: fc.oneof(
    fc.constantFrom(...EDGE_PRICES, ...FAR_PRICES),
    fc.integer({ min: 1, max: MAX_PRICE_TICKS }),
    fc.integer({ min: 90, max: 110 }),
  ),
}

function newOrders(spread: Spread): fc.Arbitrary<Command> {
  const shared = { kind: fc.constant(CommandKind.new), orderId, client, instrument, side, timeInForce, lots }
  return fc
    .record({ ...shared, orderType, price: priceTicks[spread], isBare: fc.boolean() })
    .map(({ price, isBare, ...order }) => {
      const isWithoutPrice = isBare && order.orderType === OrderType.market
      return { ...order, priceTicks: isWithoutPrice ? 0 : price }
    })
}

/** Mostly the venue's or the likely owner's word, and mostly for whichever instrument the order is in. */
const speaker = fc.oneof({ weight: 3, arbitrary: none }, { weight: 2, arbitrary: client })
const place = fc.oneof(
  { weight: 4, arbitrary: fc.constant(ANY_INSTRUMENT) },
  { weight: 1, arbitrary: instrument },
)

const cancels: fc.Arbitrary<Command> = fc.record({
  kind: fc.constant(CommandKind.cancel),
  orderId,
  client: speaker,
  instrument: place,
})

function amends(spread: Spread): fc.Arbitrary<Command> {
  return fc.record({
    kind: fc.constant(CommandKind.amend),
    orderId,
    client: speaker,
    instrument: place,
    lots: fc.oneof(none, lots),
    priceTicks: fc.oneof(none, priceTicks[spread]),
  })
}

/** One field of a good command made bad, or at least doubtful. */
const spoilers: fc.Arbitrary<Partial<Command>> = fc.oneof(
  fc.record({ kind: fc.constantFrom(0, 4, 255) }),
  fc.record({ orderId: fc.constantFrom(0, 2 ** 53, 2 ** 53 + 2 ** 40) }),
  fc.record({ instrument: fc.constantFrom(3, -1, -2, 2 ** 31 - 1, -(2 ** 31)) }),
  fc.record({ side: fc.constantFrom(2, 255) }),
  fc.record({ orderType: fc.constantFrom(0, 3, 255) }),
  fc.record({ timeInForce: fc.constantFrom(0, 4, 255) }),
  fc.record({ lots: fc.constantFrom(0, -1, -(2 ** 31)) }),
  fc.record({ priceTicks: fc.constantFrom(0, -1, -(2 ** 31), 89, 111) }),
  fc.record({ rejectCode: fc.constantFrom(1, 12, 40, 62, 65_535) }),
)

/** One command: about half new orders, the rest cancels, amends and, one in ten, something that is wrong. */
export function commands(spread: Spread): fc.Arbitrary<Command> {
  const good = fc.oneof(
    { weight: 5, arbitrary: newOrders(spread) },
    { weight: 2, arbitrary: cancels },
    { weight: 3, arbitrary: amends(spread) },
  )
  const spoiled = fc.tuple(good, spoilers).map(([command, spoiler]) => ({ ...command, ...spoiler }))
  return fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: spoiled })
}

/** A stream of commands, long enough for levels to come and go. */
export function streams(spread: Spread, maxLength = 200): fc.Arbitrary<Command[]> {
  return fc.array(commands(spread), { minLength: 1, maxLength, size: 'max' })
}

/** Bytes put over a record: where, and which. */
export type Damage = readonly (readonly [offset: number, byte: number])[]

export const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.array(fc.tuple(fc.nat(RECORD_BYTES - 1), fc.nat(255)), { maxLength: 4 }),
  fc
    .uint8Array({ minLength: RECORD_BYTES, maxLength: RECORD_BYTES })
    .map((bytes) => [...bytes].map((b, i) => [i, b] as const)),
)

/** A command record as the object that means the same, whatever its bytes are. */
export function readCommand(words: Int32Array, at: number): Command {
  const head = words[at + record.HEAD]!
  return {
    kind: record.headKind(head),
    side: record.headSide(head),
    orderType: record.headOrderType(head),
    timeInForce: record.headTimeInForce(head),
    rejectCode: words[at + record.CODE]! & 0xffff,
    instrument: words[at + record.INSTRUMENT]!,
    client: words[at + record.CLIENT]! >>> 0,
    sequence: readU64(words, at + record.SEQUENCE),
    orderId: readU64(words, at + record.ORDER_ID),
    priceTicks: words[at + record.PRICE_TICKS]!,
    lots: words[at + record.LOTS]!,
  }
}

/** Whole numbers below a bound, the same for the same seed (mulberry32, Tommy Ettinger). */
export function seededInts(seed: number): (below: number) => number {
  let state = seed | 0
  return (below) => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
