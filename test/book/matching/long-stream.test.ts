import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import { amendOrder, cancelOrder, newOrder, type Command } from '../../../src/book/command.ts'
import { checkInvariants } from '../../../src/book/recovery/invariants.ts'
import { MAX_PRICE_TICKS, OrderType, TimeInForce } from '../../../src/book/record.ts'
import { FastEngine, suiteInstruments } from '../../support/both-engines.ts'
import { seededInts } from '../../support/commands.ts'
import { NaiveEngine } from '../../support/naive-engine.ts'

const COMMANDS = 300_000
const HASH_EVERY = 1_000
const CHECK_EVERY = 10_000

/** Ids as a venue gives them out: in sequence, and with another session's high half now and then. */
function idOf(n: number): number {
  return n % 7 === 0 ? n + 2 ** 32 * (n % 1_000) : n
}

/**
 * A day of trading in small: prices near 10,000 that wander, a tenth of them far away so that thousands of orders
 * pile up and index, pools and ladder all grow, then a quiet hour in which most of it is cancelled again.
 */
function* day(seed: number): Generator<Command> {
  const below = seededInts(seed)
  let newest = 0
  for (let i = 0; i < COMMANDS; i++) {
    const isQuiet = i % 100_000 > 70_000
    const choice = below(100)
    const orderId = idOf(1 + (isQuiet ? below(newest + 1) : Math.max(0, newest - below(9_000))))
    const middle = 10_000 + (Math.floor(i / 500) % 40)
    const side = below(2)
    const nearby = middle + (side === 0 ? -below(20) + 4 : below(20) - 4)
    const priceTicks =
      below(10) > 0 ? nearby : side === 0 ? 1 + below(9_000) : MAX_PRICE_TICKS - below(2 ** 30)
    const lots = 1 + below(30)
    if (choice < (isQuiet ? 10 : 60)) {
      const timeInForce = choice < 8 ? TimeInForce.ioc : choice < 9 ? TimeInForce.fok : TimeInForce.gtc
      const orderType = choice === 9 ? OrderType.market : OrderType.limit
      const terms = { side, priceTicks, lots, timeInForce, orderType, instrument: below(20) === 0 ? 2 : 0 }
      yield newOrder({ orderId: idOf(++newest), client: 1 + below(50), ...terms })
    } else if (choice < 85) yield cancelOrder(orderId)
    else
      yield amendOrder(orderId, {
        priceTicks: below(3) === 0 ? priceTicks : 0,
        lots: below(3) === 0 ? 0 : lots,
      })
  }
}

test(`engines - ${COMMANDS} commands of a long day leave both with the same state hash all the way`, (t) => {
  const fast = new FastEngine(suiteInstruments())
  const naive = new NaiveEngine(suiteInstruments())
  let [sequence, mostLive] = [0, 0]
  for (const command of day(20_240_613)) {
    const numbered = { ...command, sequence: ++sequence }
    const answer = fast.apply(numbered)
    const expected = naive.apply(numbered)
    if (!isDeepStrictEqual(answer, expected)) assert.deepEqual(answer, expected, `command ${sequence}`)
    if (sequence % HASH_EVERY !== 0) continue
    mostLive = Math.max(mostLive, fast.liveOrders)
    assert.equal(fast.stateHash(), naive.stateHash(), `after command ${sequence}`)
    if (sequence % CHECK_EVERY === 0) assert.equal(checkInvariants(fast.engine), undefined)
  }
  t.log(`${mostLive} live orders at most, ${fast.trades} trades`)
  t.true(mostLive > 9_000, 'the index has grown while orders came and went')
  for (const orderId of naive.liveIds()) fast.apply(cancelOrder(orderId))
  const { orders, terms, levels, nodes, index } = fast.engine.state
  t.deepEqual([orders.used, terms.used, levels.used, nodes.used, index.count], [0, 0, 0, 0, 0])
})
