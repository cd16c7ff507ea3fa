import {
  amendOrder,
  cancelOrder,
  massCancel,
  newOrder,
  OrderFlag,
  OrderType,
  replaceOrder,
  SelfTrade,
  Side,
  TimeInForce,
  type Command,
} from '../../src/book/index.ts'

/** Commands that leave the book as they found it, so that they can be replayed again and again. */
export interface Cycle {
  readonly commands: readonly Command[]
  readonly trades: number
  /** Commands that are refused, on purpose. */
  readonly rejected: number
}

/** Where the cycles trade: the last price before and after each. No resting order of `background` is near. */
const MID = 10_000
const GAP = 100
const LEVELS = 50
const PER_LEVEL = 10
const OTHERS = 9

/** Orders that rest all the time, beyond what the cycles trade at. Their ids begin with 1. */
export function background(): Command[] {
  const commands: Command[] = []
  for (let i = 0; i < 2 * LEVELS * PER_LEVEL; i++) {
    const side = i % 2
    const away = GAP + (Math.floor(i / 2) % LEVELS)
    const priceTicks = side === Side.buy ? MID - away : MID + away
    commands.push(newOrder({ orderId: i + 1, client: OTHERS, side, priceTicks, lots: 10 }))
  }
  // A trade, so that there is a last price.
  return [...commands, ...tradeAt(MID)]
}

/** Ids of the cycles, above those of the background; each is free again at the end of its cycle. */
const [A, B, C, D] = [1_000_001, 1_000_002, 1_000_003, 1_000_004]

type Terms = Partial<Command>

function buy(orderId: number, lots: number, priceTicks = MID, terms: Terms = {}): Command {
  return newOrder({ orderId, side: Side.buy, lots, priceTicks, ...terms })
}

/** Of client 2, so that it is another's. */
function sell(orderId: number, lots: number, priceTicks = MID, terms: Terms = {}): Command {
  return newOrder({ orderId, side: Side.sell, lots, priceTicks, client: 2, ...terms })
}

/** A trade of one lot: makes the last price. */
function tradeAt(priceTicks: number): Command[] {
  return [sell(C, 1, priceTicks), buy(D, 1, priceTicks)]
}

const MARKET: Terms = { orderType: OrderType.market }
const IOC: Terms = { timeInForce: TimeInForce.ioc }
const FOK: Terms = { timeInForce: TimeInForce.fok }

function cycle(trades: number, commands: readonly Command[], rejected = 0): Cycle {
  return { commands, trades, rejected }
}

/** Limit, market, immediate-or-cancel, fill-or-kill and cancel: what takes the path of plain orders. */
export const PLAIN: Readonly<Record<string, Cycle>> = {
  'enter and cancel': cycle(0, [
    ...[1, 2, 3, 40].map((away) => buy(A + away, 5, MID - away)),
    ...[2, 40, 1, 3].map((away) => cancelOrder(A + away, 1)),
    // A level far from all others: nodes of the ladder come and go.
    sell(A, 5, 2_000_000_000),
    cancelOrder(A),
  ]),
  'crossing limit': cycle(5, [
    sell(A, 3),
    sell(B, 4),
    buy(C, 5), // one maker whole, one in part
    buy(D, 2),
    buy(A, 6),
    sell(B, 4, MID - 1),
    sell(C, 2, MID),
  ]),
  market: cycle(4, [
    buy(A, 5, MID),
    buy(B, 5, MID - 1),
    buy(C, 5, MID - 2),
    sell(D, 15, 0, MARKET),
    ...tradeAt(MID),
  ]),
  ioc: cycle(1, [sell(A, 5), buy(B, 8, MID, IOC), buy(C, 8, MID, IOC)]),
  fok: cycle(1, [sell(A, 5), buy(B, 6, MID, FOK), buy(C, 5, MID, FOK)]),
}

/** Commands with terms, those that change an order, and mass cancels. */
export const WITH_TERMS: Readonly<Record<string, Cycle>> = {
  'amend in place': cycle(0, [
    buy(A, 9),
    amendOrder(A, { lots: 7 }),
    amendOrder(A, { lots: 5, priceTicks: MID }),
    cancelOrder(A),
  ]),
  'amend to the end': cycle(1, [
    buy(A, 9),
    buy(B, 9),
    amendOrder(A, { priceTicks: MID - 1 }),
    amendOrder(A, { lots: 12 }),
    sell(C, 5, MID + 1),
    amendOrder(C, { priceTicks: MID }), // trades
    cancelOrder(A),
    cancelOrder(B),
  ]),
  replace: cycle(0, [buy(A, 9), replaceOrder(A, B, { priceTicks: MID - 1 }), cancelOrder(B)]),
  iceberg: cycle(6, [sell(A, 20, MID, { displayLots: 5 }), sell(B, 5), buy(C, 12), buy(D, 13)]),
  hidden: cycle(3, [
    sell(A, 10, MID, { flags: OrderFlag.hidden }),
    sell(B, 5),
    buy(C, 7),
    buy(D, 8, 0, MARKET),
  ]),
  'post-only': cycle(
    0,
    [
      sell(A, 5),
      buy(B, 5, MID, { flags: OrderFlag.postOnlyReject }),
      buy(B, 5, MID, { flags: OrderFlag.postOnlySlide }),
      buy(C, 5, MID - 1, { flags: OrderFlag.postOnlyReject }),
      ...[A, B, C].map((id) => cancelOrder(id)),
    ],
    1,
  ),
  stop: cycle(4, [
    buy(A, 5, 0, { orderType: OrderType.stop, stopTicks: MID + 10 }),
    buy(B, 5, MID + 10, { orderType: OrderType.stopLimit, stopTicks: MID + 10 }),
    sell(C, 8, MID + 10),
    buy(D, 1, MID + 10), // triggers both; the limit order rests with 3 lots
    cancelOrder(B),
    ...tradeAt(MID),
  ]),
  'stop amended': cycle(0, [
    buy(A, 5, 0, { orderType: OrderType.stop, stopTicks: MID + 10 }),
    amendOrder(A, { stopTicks: MID + 20 }),
    cancelOrder(A),
  ]),
  'trailing stop': cycle(4, [
    sell(A, 5, 0, { orderType: OrderType.trailingStop, stopTicks: 20 }),
    ...tradeAt(MID + 5), // its stop price follows
    buy(B, 6, MID - 15),
    sell(C, 1, MID - 15), // triggers it
    ...tradeAt(MID),
  ]),
  gtd: cycle(0, [
    ...[A, B, C].map((id, i) =>
      buy(id, 5, MID, { timeInForce: TimeInForce.gtd, expirySeconds: 1_000_000 + (i >> 1) }),
    ),
    ...[B, A, C].map((id) => cancelOrder(id)),
  ]),
  'self-trade': cycle(0, [
    ...selfTrade(SelfTrade.cancelNewest),
    cancelOrder(A),
    ...selfTrade(SelfTrade.cancelOldest),
    cancelOrder(B),
    ...selfTrade(SelfTrade.cancelBoth),
    ...selfTrade(SelfTrade.decrement),
  ]),
  linked: cycle(1, [
    buy(A, 5, MID - 1),
    buy(B, 5, MID, { flags: OrderFlag.linked, linkedOrderId: A }),
    sell(C, 5), // trades with the one, which cancels the other
  ]),
  'at once': cycle(1, [
    sell(A, 5),
    buy(B, 6, MID, { minLots: 6 }),
    buy(C, 6, MID, { flags: OrderFlag.allOrNone }),
    buy(D, 6, MID, { minLots: 5, ...IOC }),
  ]),
  'reduce-only': cycle(0, [
    buy(A, 5, MID, { flags: OrderFlag.reduceOnly, positionLots: -3 }),
    cancelOrder(A),
  ]),
  'mass cancel': cycle(0, [
    buy(A, 5),
    sell(B, 5, MID + 1),
    buy(C, 5, MID - 1),
    massCancel({ client: 1 }),
    cancelOrder(B),
  ]),
}

function selfTrade(how: number): Command[] {
  return [sell(A, 5, MID, { client: 1 }), buy(B, 5, MID, { flags: how * OrderFlag.selfTrade })]
}

/** Several cycles as one. */
export function together(all: readonly Cycle[]): Cycle {
  return {
    commands: all.flatMap(({ commands }) => commands),
    trades: all.reduce((sum, { trades }) => sum + trades, 0),
    rejected: all.reduce((sum, { rejected }) => sum + rejected, 0),
  }
}
