import test from 'ava'
import {
  Batch,
  massCancel,
  MatchingEngine,
  pushCommand,
  readEvent,
  RECORD_WORDS,
  type Command,
  type EngineEvent,
} from '../../../src/book/index.ts'
import { BOTH_SIDES, CancelReason, EventKind, Side } from '../../../src/book/record.ts'
import { FeeSchedule, imbalance, Ledger } from '../../../src/risk/index.ts'
import {
  ACCOUNT_CASH,
  ACCOUNT_HELD,
  ENTRY_HELD,
  ENTRY_OPEN,
  HOLDING_HELD,
  HOLDING_LOTS,
} from '../../../src/risk/settlement/ledger-rows.ts'
import { readWide } from '../../../src/risk/wide.ts'
import { NaiveLedger } from '../../support/naive-ledger.ts'
import { flowInstruments, randomFlow } from '../../support/random-flow.ts'

const DECIMALS = 8
const SEEDS = 120
const LENGTH = 300
/** So that 10^-8 of the steps of all instruments is a whole number. */
const RATES = [
  { maker: '-0.000123', taker: '0.000307', auction: '0.000011' },
  { maker: '0.5', taker: '1', auction: '-1' },
  { maker: '0', taker: '0', auction: '0' },
] as const
const ppm = (text: string): bigint => BigInt(Math.round(Number(text) * 1e6))

class Venue {
  readonly engine = new MatchingEngine(flowInstruments())
  readonly ledger: Ledger
  readonly plain: NaiveLedger
  readonly seen: EngineEvent[] = []
  private readonly batch = new Batch(1)

  constructor(rates: (typeof RATES)[number]) {
    const { instruments } = this.engine
    this.ledger = new Ledger(instruments, new FeeSchedule(rates, DECIMALS), DECIMALS)
    this.plain = new NaiveLedger(
      instruments,
      { maker: ppm(rates.maker), taker: ppm(rates.taker), auction: ppm(rates.auction) },
      DECIMALS,
    )
  }

  apply(command: Command): void {
    this.batch.count = 0
    const at = pushCommand(this.batch, command)
    const { events } = this.engine
    events.count = 0
    this.engine.apply(this.batch.words, at)
    for (let each = 0; each < events.count; each++) {
      this.ledger.apply(events.words, each * RECORD_WORDS)
      const event = readEvent(events.words, each * RECORD_WORDS)
      this.seen.push(event)
      this.plain.follow(event)
    }
  }

  /** What each live order ought to hold, told by the engine's book alone, against what it does. */
  holdsDiffer(rates: (typeof RATES)[number]): string | undefined {
    const { engine, ledger, plain } = this
    if (ledger.orders.count !== engine.liveOrders)
      return `${ledger.orders.count} orders, not ${engine.liveOrders}`
    const rate = [ppm(rates.maker), ppm(rates.taker), 0n].reduce((a, b) => (a > b ? a : b))
    for (const client of [1, 2, 3, 2 ** 32 - 1])
      for (const order of engine.openOrders(client)) {
        const row = ledger.orders.find(order.orderId | 0, Math.floor(order.orderId / 2 ** 32))
        if (row === 0) return `order ${order.orderId} is not known`
        if (ledger.words[row + ENTRY_OPEN] !== order.openLots)
          return `order ${order.orderId} has other lots open`
        if (order.side === Side.sell || order.priceTicks === 0) continue
        const value = BigInt(order.openLots) * BigInt(order.priceTicks) * plain.scale(order.instrument)
        const wanted = value + plain.feeOf(value, rate)
        const held = readWide(ledger.totals, (row >> 1) + ENTRY_HELD)
        if (held !== wanted) return `order ${order.orderId} holds ${held}, not ${wanted}`
      }
    return undefined
  }

  cashDiffers(): string | undefined {
    const { ledger, plain } = this
    for (const [client, cash] of plain.cash) {
      const mine = readWide(ledger.totals, (ledger.account(client | 0) >> 1) + ACCOUNT_CASH)
      if (mine !== cash) return `client ${client} has ${mine}, not ${cash}`
    }
    for (const [key, lots] of plain.lots) {
      const [client, instrument] = key.split('/').map(Number)
      const mine = ledger.totals[(ledger.holding(client! | 0, instrument!) >> 1) + HOLDING_LOTS]!
      if (BigInt(mine) !== lots) return `${key} has ${mine} lots, not ${lots}`
    }
    const fees = readWide(ledger.venue, 0)
    return fees === plain.fees ? undefined : `fees are ${fees}, not ${plain.fees}`
  }
}

test('ledger - over random flows everything adds up after every command, and holds are what open orders need', (t) => {
  let events: EngineEvent[] = []
  for (let seed = 1; seed <= SEEDS; seed++) {
    const rates = RATES[seed % RATES.length]!
    const venue = new Venue(rates)
    for (const command of randomFlow(seed, LENGTH)) {
      venue.apply(command)
      const broken = imbalance(venue.ledger)
      if (broken !== undefined) t.fail(`seed ${seed}: ${broken}`)
    }
    t.is(venue.holdsDiffer(rates), undefined, `seed ${seed}`)
    t.is(venue.cashDiffers(), undefined, `seed ${seed}`)
    venue.apply(massCancel())
    t.is(venue.ledger.orders.count, 0)
    for (const row of venue.ledger.accounts.sorted())
      t.is(readWide(venue.ledger.totals, (row >> 1) + ACCOUNT_HELD), 0n, `seed ${seed}: all cash is released`)
    for (const row of venue.ledger.holdings.sorted()) t.is(venue.ledger.totals[(row >> 1) + HOLDING_HELD], 0)
    events = events.concat(venue.seen)
  }
  const count = (is: (event: EngineEvent) => boolean): number => events.filter(is).length
  t.true(count(({ kind, side }) => kind === EventKind.trade && side === BOTH_SIDES) > 100, 'auctions')
  t.true(count(({ kind }) => kind === EventKind.replaced) > 100, 'replaced orders')
  t.true(count(({ kind }) => kind === EventKind.amended) > 100, 'amended orders')
  t.true(count(({ kind }) => kind === EventKind.triggered) > 100, 'stops')
  const expired = (event: EngineEvent): boolean =>
    event.kind === EventKind.cancelled && event.reason === CancelReason.expiry
  t.true(count(expired) > 50, 'expiries')
  t.true(count((event) => event.kind === EventKind.accepted && event.displayLots > 0) > 100, 'icebergs')
})

test('ledger - a trade that does not balance is an error at once', (t) => {
  const venue = new Venue(RATES[0])
  const sell = {
    kind: 1,
    orderId: 1,
    client: 1,
    side: 1,
    orderType: 1,
    timeInForce: 1,
    priceTicks: 100,
    lots: 5,
  }
  const buy = {
    kind: 1,
    orderId: 2,
    client: 2,
    side: 0,
    orderType: 1,
    timeInForce: 1,
    priceTicks: 100,
    lots: 5,
  }
  venue.apply(sell)
  // What is read back is not what was posted.
  const cash = (venue.ledger.account(1) >> 1) + ACCOUNT_CASH
  const { totals } = venue.ledger
  venue.ledger.onFill = (_, fill) => {
    if (fill.side === Side.buy) totals[cash + 1] = NaN
  }
  t.throws(() => venue.apply(buy), { message: /does not balance/ })
})

test('ledger - what is lost between two trades is found when the whole is added up', (t) => {
  const venue = new Venue(RATES[0])
  venue.ledger.deposit(7, 1_000)
  venue.ledger.depositLots(7, 0, 5)
  t.is(imbalance(venue.ledger), undefined)
  venue.ledger.totals[(venue.ledger.account(7) >> 1) + ACCOUNT_CASH + 1]!--
  t.regex(imbalance(venue.ledger)!, /^cash and fees are 999 units, and 1000 were put in/)
  venue.ledger.totals[(venue.ledger.account(7) >> 1) + ACCOUNT_CASH + 1]!++
  venue.ledger.totals[(venue.ledger.holding(7, 0) >> 1) + HOLDING_LOTS] = 4
  t.regex(imbalance(venue.ledger)!, /^there are 4 lots/)
})
