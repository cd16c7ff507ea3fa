import * as fc from 'fast-check'
import { flagsOf, type Command, type FlagTerms } from '../../src/book/command.ts'
import { readTimestamp } from '../../src/book/event.ts'
import { ANY_INSTRUMENT } from '../../src/book/instruments.ts'
import {
  CommandKind,
  MAX_PRICE_TICKS,
  OrderFlag,
  OrderType,
  readU64,
  RECORD_BYTES,
  TimeInForce,
  TradingState,
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
const instrument = fc.constantFrom(0, 0, 0, 1, 2, 3)
const lots = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(50, 51, 1_000_000, 1_000_001, 2 ** 31 - 1) },
)
const { limit, market, stop, stopLimit, trailingStop } = OrderType
const orderType = fc.constantFrom(limit, limit, limit, limit, limit, market, stop, stopLimit, trailingStop)
const { gtc, ioc, fok, day, gtd } = TimeInForce
const timeInForce = fc.constantFrom(gtc, gtc, gtc, gtc, ioc, fok, day, gtd)
const SECONDS = { min: 86_395, max: 86_410 }
const seconds = fc.integer(SECONDS)
const none = fc.constant(0)

const priceTicks: Record<Spread, fc.Arbitrary<number>> = {
  narrow: fc.integer({ min: 97, max: 104 }),
  wide: fc.oneof(
    fc.constantFrom(...EDGE_PRICES, ...FAR_PRICES),
    fc.integer({ min: 1, max: MAX_PRICE_TICKS }),
    fc.integer({ min: 90, max: 110 }),
  ),
}

/** Terms of a new order: most have none or one, whether or not they go together. */
const flagTerms: fc.Arbitrary<FlagTerms> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<FlagTerms>({}) },
  fc.record({ postOnly: fc.constantFrom('reject' as const, 'slide' as const) }),
  fc.record({ hidden: fc.constant(true) }),
  fc.record({ allOrNone: fc.constant(true) }),
  fc.record({ reduceOnly: fc.constant(true) }),
  { weight: 2, arbitrary: fc.record({ linked: fc.constant(true) }) },
  { weight: 2, arbitrary: fc.record({ selfTrade: fc.integer({ min: 1, max: 5 }) }) },
  fc.record({ linked: fc.boolean(), hidden: fc.boolean(), selfTrade: fc.integer({ min: 0, max: 6 }) }),
)

function newOrders(spread: Spread): fc.Arbitrary<Command> {
  const shared = { kind: fc.constant(CommandKind.new), orderId, client, instrument, side, timeInForce, lots }
  const price = priceTicks[spread]
  const some = (term: fc.Arbitrary<number>): fc.Arbitrary<number> =>
    fc.oneof({ weight: 7, arbitrary: none }, { weight: 1, arbitrary: term })
  return fc
    .record({
      order: fc.record({ ...shared, orderType, linkedOrderId: orderId }),
      price,
      stopPrice: price,
      distance: fc.integer({ min: 1, max: 4 }),
      isBare: fc.boolean(),
      terms: flagTerms,
      positionLots: fc.integer({ min: -20, max: 20 }),
      displayLots: some(fc.integer({ min: 1, max: 6 })),
      minLots: some(fc.integer({ min: 1, max: 6 })),
      expirySeconds: seconds,
    })
    .map(({ order, price, stopPrice, distance, isBare, terms, expirySeconds, ...quantities }) => {
      const isPriced = order.orderType === limit || order.orderType === stopLimit || !isBare
      const isStop = order.orderType === stop || order.orderType === stopLimit
      return {
        ...order,
        ...quantities,
        priceTicks: isPriced ? price : 0,
        stopTicks: isStop ? stopPrice : order.orderType === trailingStop ? distance : 0,
        expirySeconds: order.timeInForce === gtd ? expirySeconds : 0,
        flags: flagsOf(terms),
      }
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
    kind: fc.constantFrom(CommandKind.amend, CommandKind.amend, CommandKind.replace),
    orderId,
    linkedOrderId: orderId,
    client: speaker,
    instrument: place,
    lots: fc.oneof(none, lots),
    priceTicks: fc.oneof(none, priceTicks[spread]),
    stopTicks: fc.oneof(none, none, none, priceTicks[spread], fc.integer({ min: 1, max: 4 })),
  })
}

/** Commands that name no order. Trading goes on for the most part, and the kill switch is mostly off. */
const controls: fc.Arbitrary<Command> = fc
  .oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant(CommandKind.time),
        timestampNs: fc.oneof(
          { weight: 8, arbitrary: seconds.map((at) => at * 1_000_000_000) },
          { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 62n }) },
          { weight: 1, arbitrary: seconds.map((at) => (at + 86_400) * 1_000_000_000 + 1) },
        ),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant(CommandKind.state),
        instrument: place,
        lots: fc.constantFrom(...Object.values(TradingState)),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant(CommandKind.state),
        lots: fc.constant(TradingState.continuous),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant(CommandKind.kill), client: speaker }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant(CommandKind.release), client: speaker }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant(CommandKind.group),
        client,
        lots: fc.integer({ min: 0, max: 2 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant(CommandKind.massCancel),
        client: speaker,
        instrument: place,
        side: fc.integer({ min: 0, max: 2 }),
      }),
    },
  )
  .map((command) => ({ orderId: 0, instrument: ANY_INSTRUMENT, ...command }))

/** One field of a good command made bad, or at least doubtful. */
const spoilers: fc.Arbitrary<Partial<Command>> = fc.oneof(
  fc.record({ kind: fc.constantFrom(0, 4, 11, 255) }),
  fc.record({ orderId: fc.constantFrom(0, 2 ** 53, 2 ** 53 + 2 ** 40) }),
  fc.record({ instrument: fc.constantFrom(4, -1, -2, 2 ** 31 - 1, -(2 ** 31)) }),
  fc.record({ side: fc.constantFrom(2, 255) }),
  fc.record({ orderType: fc.constantFrom(0, 3, 6, 255) }),
  fc.record({ timeInForce: fc.constantFrom(0, 4, 5, 6, 255) }),
  fc.record({ lots: fc.constantFrom(0, -1, -(2 ** 31)) }),
  fc.record({ priceTicks: fc.constantFrom(0, -1, -(2 ** 31), 89, 111) }),
  fc.record({ flags: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ stopTicks: fc.constantFrom(0, -1, 89, 111, MAX_PRICE_TICKS) }),
  fc.record({ displayLots: fc.constantFrom(-1, 30) }),
  fc.record({ minLots: fc.constantFrom(-1, 30) }),
  fc.record({ expirySeconds: fc.constantFrom(-1, 0, 1) }),
  fc.record({ linkedOrderId: fc.constantFrom(0, 2 ** 53) }),
  fc.record({ rejectCode: fc.constantFrom(1, 12, 40, 62, 65_535) }),
)

/** One command: about half new orders, the rest cancels, amends, controls and, one in ten, something wrong. */
export function commands(spread: Spread): fc.Arbitrary<Command> {
  const good = fc.oneof(
    { weight: 5, arbitrary: newOrders(spread) },
    { weight: 2, arbitrary: cancels },
    { weight: 3, arbitrary: amends(spread) },
    { weight: 1, arbitrary: controls },
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
  const kind = record.headKind(head)
  const flags = record.orderFlags(words[at + record.CODE]!)
  const isReduceOnly = (flags & OrderFlag.reduceOnly) !== 0
  const isLinked = kind === CommandKind.replace || (flags & OrderFlag.linked) !== 0
  const display = words[at + record.DISPLAY_LOTS]!
  return {
    kind,
    side: record.headSide(head),
    orderType: record.headOrderType(head),
    timeInForce: record.headTimeInForce(head),
    rejectCode: words[at + record.CODE]! & 0xffff,
    flags,
    instrument: words[at + record.INSTRUMENT]!,
    client: words[at + record.CLIENT]! >>> 0,
    sequence: readU64(words, at + record.SEQUENCE),
    orderId: readU64(words, at + record.ORDER_ID),
    priceTicks: words[at + record.PRICE_TICKS]!,
    lots: words[at + record.LOTS]!,
    stopTicks: words[at + record.STOP_TICKS]!,
    ...(isReduceOnly ? { positionLots: display } : { displayLots: display }),
    ...(isLinked
      ? { linkedOrderId: readU64(words, at + record.LINKED_ORDER_ID) }
      : { minLots: words[at + record.MIN_LOTS]!, expirySeconds: words[at + record.EXPIRY_SECONDS]! }),
    timestampNs: readTimestamp(words, at),
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
