import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import type { MatchingEngine } from '../../src/book/matching-engine.ts'
import type { LiveOrder } from '../../src/book/queries.ts'
import { Side } from '../../src/book/record.ts'
import { toJson } from '../support/compare-engines.ts'
import { FastEngine } from '../support/fast-engine.ts'
import { flowInstruments, randomFlow } from '../support/random-flow.ts'
import { RebuiltBook, RebuiltLevels, type RebuiltOrder } from '../support/rebuilt-book.ts'

const SEEDS = Number(process.env['MILLRACE_REBUILD_FLOWS'] ?? 300)
const FLOW_LENGTH = 400
const SIDES = [Side.buy, Side.sell]

/** What both tell of an order, as text: quick to compare. */
function line(order: RebuiltOrder | LiveOrder): string {
  const { orderId, client, priceTicks, openLots, shownLots, displayLots, isHidden } = order
  return `#${orderId} ${client} ${openLots}@${priceTicks} ${shownLots}/${displayLots} ${isHidden}`
}

/** As `line`, of an order that waits for its stop price. */
function waitingLine(order: RebuiltOrder | LiveOrder): string {
  return `#${order.orderId} ${order.client} ${order.openLots}@${order.priceTicks}`
}

function compareOrders(book: RebuiltBook, engine: MatchingEngine, instrument: number, where: string): void {
  for (const side of SIDES) {
    const rebuilt = book.orders(instrument, side).map(line)
    const expected = [...engine.orders(instrument, side)].map(line)
    if (!isDeepStrictEqual(rebuilt, expected)) assert.deepEqual(rebuilt, expected, where)
    const waiting = book.waiting(instrument, side).map(waitingLine)
    const stops = [...engine.stops(instrument, side)].sort((a, b) => a.orderId - b.orderId).map(waitingLine)
    if (!isDeepStrictEqual(waiting, stops)) assert.deepEqual(waiting, stops, `stops ${where}`)
  }
}

function compareLevels(
  levels: RebuiltLevels,
  engine: MatchingEngine,
  instrument: number,
  where: string,
): void {
  const [bids, offers] = SIDES.map((side) => engine.depth(instrument, side, Infinity))
  for (const [side, expected] of [bids!, offers!].entries()) {
    const rebuilt = levels.depth(instrument, side)
    if (!isDeepStrictEqual(rebuilt, expected)) assert.deepEqual(rebuilt, expected, where)
  }
  const told = levels.best.get(instrument)
  const best = [told?.bidTicks ?? 0, told?.bidLots ?? 0, told?.offerTicks ?? 0, told?.offerLots ?? 0]
  const [bid, offer] = [bids![0], offers![0]]
  const expected = [bid?.priceTicks ?? 0, bid?.lots ?? 0, offer?.priceTicks ?? 0, offer?.lots ?? 0]
  if (!isDeepStrictEqual(best, expected)) assert.deepEqual(best, expected, `best prices ${where}`)
}

test(`rebuild - order events alone give the whole book, order by order, after every command of ${SEEDS} flows`, (t) => {
  let most = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const fast = new FastEngine(flowInstruments())
    const book = new RebuiltBook()
    for (const [i, command] of randomFlow(seed, FLOW_LENGTH).entries()) {
      for (const event of fast.apply({ ...command, sequence: i + 1 })) book.read(event)
      for (let instrument = 0; instrument < fast.engine.instruments.count; instrument++)
        compareOrders(book, fast.engine, instrument, `seed ${seed}, command ${i} ${toJson(command)}`)
      most = Math.max(most, fast.liveOrders)
    }
  }
  t.true(most > 30, `${most} live orders at most`)
})

test(`rebuild - level events alone give every level and the best prices, after every command of ${SEEDS} flows`, (t) => {
  let most = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const fast = new FastEngine(flowInstruments(), { marketData: true })
    const levels = new RebuiltLevels()
    for (const [i, command] of randomFlow(seed, FLOW_LENGTH).entries()) {
      for (const event of fast.apply({ ...command, sequence: i + 1 })) levels.read(event)
      for (let instrument = 0; instrument < fast.engine.instruments.count; instrument++)
        compareLevels(levels, fast.engine, instrument, `seed ${seed}, command ${i}`)
      most = Math.max(most, levels.depth(0, Side.buy).length)
    }
  }
  t.true(most > 5, `${most} bids at most`)
})
