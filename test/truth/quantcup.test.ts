import { readFileSync } from 'node:fs'
import test from 'ava'
import {
  Batch,
  cancelOrder,
  type Command,
  EventKind,
  Instruments,
  MatchingEngine,
  MAX_LOTS,
  newOrder,
  pushCommand,
  readEvents,
  Side,
} from '../../src/book/index.ts'
import { dataFile, readDataLines } from '../support/data.ts'

/** One side of a trade: who, which side, how much. The price is not compared: the contest printed the taker's limit. */
type Leg = readonly [trader: string, side: number, size: number]

interface CaseLeg {
  readonly trader: string
  readonly side: 'ask' | 'bid'
  readonly price: number
  readonly size: number
}

interface Case {
  readonly case: number
  readonly orders: readonly CaseLeg[]
  readonly then_cancel_ids?: readonly number[]
  readonly then_orders?: readonly CaseLeg[]
  readonly executions_in_pairs: readonly CaseLeg[]
}

/** The engine as the contest saw it: traders by name, ids counted from 1, cancels by whoever. */
class Contest {
  readonly pairs: string[] = []
  private readonly engine = new MatchingEngine(
    new Instruments([{ symbol: 'SYM', tick: '1', lot: '1', maxQuantity: String(MAX_LOTS) }]),
  )
  private readonly batch = new Batch(1)
  private readonly traders: string[] = ['']
  private orders = 0

  enter(trader: string, side: number, priceTicks: number, lots: number, row = 0): void {
    let client = this.traders.indexOf(trader)
    if (client < 0) client = this.traders.push(trader) - 1
    this.apply(newOrder({ orderId: ++this.orders, client, side, priceTicks, lots }), row)
  }

  cancel(orderId: number): void {
    this.apply(cancelOrder(orderId), 0)
  }

  private apply(command: Command, row: number): void {
    this.batch.count = 0
    this.engine.events.count = 0
    this.engine.apply(this.batch.words, pushCommand(this.batch, command))
    for (const event of readEvents(this.engine.events)) {
      if (event.kind !== EventKind.trade) continue
      const taker: Leg = [this.traders[event.client]!, event.side, event.lots]
      const maker: Leg = [this.traders[event.makerClient]!, event.side ^ 1, event.lots]
      this.pairs.push(pairOf(row, taker, maker))
    }
  }
}

/** Both legs of a trade, whichever comes first. */
function pairOf(row: number, ...legs: Leg[]): string {
  return `${row}: ${legs
    .map((leg) => leg.join(' '))
    .sort()
    .join(', ')}`
}

const sideOf = (side: 'ask' | 'bid'): number => (side === 'bid' ? Side.buy : Side.sell)

test('quantcup truth - every case of the contest trades as written', (t) => {
  const path = dataFile(t, 'engine/quantcup/test_cases.json')
  if (path === undefined) return
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] }
  t.is(cases.length, 12)
  for (const one of cases) {
    const contest = new Contest()
    const enter = (orders: readonly CaseLeg[] = []): void =>
      orders.forEach(({ trader, side, price, size }) => contest.enter(trader, sideOf(side), price, size))
    enter(one.orders)
    one.then_cancel_ids?.forEach((id) => contest.cancel(id))
    enter(one.then_orders)
    const legs = one.executions_in_pairs.map(({ trader, side, size }): Leg => [trader, sideOf(side), size])
    const expected = legs.flatMap((leg, i) => (i % 2 === 0 ? [pairOf(0, leg, legs[i + 1]!)] : []))
    t.deepEqual(contest.pairs, expected, `case ${one.case}`)
  }
})

test('quantcup truth - the feed trades both legs of all 9,502 fills, in order', (t) => {
  const feed = dataFile(t, 'engine/quantcup/feed.csv.gz')
  const executions = dataFile(t, 'engine/quantcup/executions_rows_0-19999.csv.gz')
  if (feed === undefined || executions === undefined) return
  const contest = new Contest()
  for (const line of readDataLines(feed).slice(1)) {
    const [row, op, , trader, side, price, sizeOrId] = line.split(',')
    if (Number(row) > 19_999) break
    if (op === 'C') contest.cancel(Number(sizeOrId))
    else contest.enter(trader!, Number(side), Number(price), Number(sizeOrId), Number(row))
  }
  const legs = readDataLines(executions)
    .slice(1)
    .map((line) => line.split(','))
  const legAt = (i: number): Leg => [legs[i]![2]!, Number(legs[i]![3]), Number(legs[i]![5])]
  const expected: string[] = []
  for (let i = 0; i < legs.length; i += 2) expected.push(pairOf(Number(legs[i]![0]), legAt(i), legAt(i + 1)))
  t.is(legs.length, 19_004)
  t.is(expected.length, 9_502)
  t.deepEqual(contest.pairs, expected)
})
