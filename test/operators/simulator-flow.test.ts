import test from 'ava'
import { Batch } from '../../src/book/index.ts'
import * as record from '../../src/book/record.ts'
import { CommandKind, OrderType, RECORD_WORDS, Side, TimeInForce } from '../../src/book/record.ts'
import { Random, WeightedPick } from '../../src/operators/simulator/random.ts'
import { FLOW_PROFILES } from '../../src/operators/simulator/profiles.ts'
import { Simulator } from '../../src/operators/simulator/simulator.ts'
import { Market } from '../../src/pipeline/market.ts'
import { ONE, replies, simulate, timeOf } from '../support/simulated.ts'

const NS_PER_SECOND = 1e9

test('simulator - arrivals are bursty, where those of a Poisson process are not', (t) => {
  const { words, count } = simulate({ orders: 200_000, badShare: 0 })
  const times = Array.from({ length: count }, (_, i) => timeOf(words, i * RECORD_WORDS)).slice(1_000)
  const random = new Random(1)
  const mean = (times.at(-1)! - times[0]!) / times.length
  let now = 0
  const poisson = times.map(() => (now += random.exponential() * mean))
  t.true(fano(times) > 10, `Fano factor ${fano(times)}`)
  t.true(Math.abs(fano(poisson) - 1) < 0.1, `Fano factor ${fano(poisson)}`)
})

test('simulator - the mean rate is that of the model, whatever the bursts', (t) => {
  const { limitRates, cancelRates, marketRate, patience, timeScale } = FLOW_PROFILES['nasdaq-large-tick']
  let expected = 0
  let [first, last, distance, commands] = [0, 0, 0, 0]
  for (const { words, at, engine } of replies({ orders: 100_000, badShare: 0 })) {
    last = timeOf(words, at)
    if (commands++ < 2_000) first = last
    else if (commands % 100 === 0) {
      let rate = 2 * marketRate
      for (const side of [Side.buy, Side.sell]) {
        const opposite = engine.bestPrice(0, side ^ 1)
        for (const level of engine.depth(0, side, Infinity)) {
          distance = Math.abs(level.priceTicks - opposite)
          rate += (level.orders * cancelRates[Math.min(distance, cancelRates.length) - 1]!) / patience
        }
      }
      for (let at = 0; at < 15; at++) rate += 2 * (limitRates[at] ?? limitRates[4]! * (5 / (at + 1)) ** 0.52)
      expected += rate * timeScale
    }
  }
  const measured = (commands - 2_000) / ((last - first) / NS_PER_SECOND)
  const ratio = measured / (expected / ((commands - 2_000) / 100))
  t.true(Math.abs(ratio - 1) < 0.1, `measured over expected ${ratio}`)
})

test('simulator - limit orders come at the distances that the model gives, and market orders as often', (t) => {
  const { limitRates, marketRate } = FLOW_PROFILES['nasdaq-large-tick']
  const counts = [0, 0, 0, 0, 0]
  let markets = 0
  for (const { words, at, bid, offer } of replies({ orders: 200_000, badShare: 0 })) {
    const head = words[at + record.HEAD]!
    if (record.headKind(head) !== CommandKind.new || bid === 0 || offer === 0) continue
    if (record.headOrderType(head) === OrderType.market) markets++
    else if (record.headTimeInForce(head) === TimeInForce.gtc) {
      const price = words[at + record.PRICE_TICKS]!
      const distance = record.headSide(head) === Side.buy ? offer - price : price - bid
      if (distance <= counts.length) counts[distance - 1]!++
    }
  }
  const unit = counts.reduce((sum, count) => sum + count, 0) / limitRates.reduce((sum, rate) => sum + rate, 0)
  for (const [at, rate] of limitRates.entries())
    t.true(Math.abs(counts[at]! / unit / rate - 1) < 0.05, `distance ${at + 1}: ${counts[at]! / unit}`)
  // 3% of the model's limit orders are immediate-or-cancel or fill-or-kill, at the opposite price.
  t.true(Math.abs((markets / unit / marketRate) * 0.97 - 1) < 0.05, `market orders: ${markets / unit}`)
})

const BANDS = [
  { profile: 'nasdaq-large-tick', usualSpread: 2, minLive: 80, maxLive: 350 },
  { profile: 'nasdaq-small-tick', usualSpread: 8, minLive: 20, maxLive: 200 },
] as const
for (const { profile, usualSpread, minLive, maxLive } of BANDS)
  test(`simulator - spread, depth and price of ${profile} stay in their bands`, (t) => {
    let [commands, usual] = [0, 0]
    for (const { engine, bid, offer } of replies({ orders: 300_000, profile })) {
      if (commands++ < 1_000) continue
      const live = engine.liveOrders
      if (live < minLive || live > maxLive) {
        t.fail(`${live} live orders after ${commands}`)
        return
      }
      if (bid === 0 || offer === 0) continue // also for an unknown instrument
      if (offer - bid <= usualSpread) usual++
      if (bid < 4_000 || offer > 6_000) {
        t.fail(`${bid} bid, ${offer} offered after ${commands}`)
        return
      }
    }
    t.true(usual / commands > 0.9, `the spread is usual in ${usual / commands}`)
  })

test('simulator - every instrument has flow, the first most', (t) => {
  const specs = Array.from({ length: 12 }, (_, i) => ({ ...ONE, symbol: `S${i}` }))
  const counts = specs.map(() => 0)
  for (const { words, at, fault } of replies({ orders: 100_000 }, specs))
    if (fault === undefined) counts[words[at + record.INSTRUMENT]!]!++
  // Activity goes with 1 / rank.
  const unit =
    counts.reduce((sum, count) => sum + count, 0) / specs.reduce((sum, _, at) => sum + 1 / (at + 1), 0)
  for (const [at, count] of counts.entries())
    t.true(Math.abs((count * (at + 1)) / unit - 1) < 0.4, `${count} of ${at}`)
})

test('simulator - all kinds of orders come, in round and odd lots, none above the largest', (t) => {
  const counts = new Map<string, number>()
  const count = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  for (const { words, at } of replies({ orders: 100_000, badShare: 0 })) {
    const head = words[at + record.HEAD]!
    const lots = words[at + record.LOTS]!
    const kind = record.headKind(head)
    if (kind === CommandKind.cancel) count('cancel')
    else if (kind === CommandKind.amend) count(lots === 0 ? 'new price' : 'new quantity')
    else {
      count(
        record.headOrderType(head) === OrderType.market ? 'market' : `limit ${record.headTimeInForce(head)}`,
      )
      count(record.headSide(head) === Side.buy ? 'buy' : 'sell')
      count(lots % 100 === 0 ? 'round' : 'odd')
    }
  }
  const share = (what: string): number => (counts.get(what) ?? 0) / 100_000
  const within = (what: string, low: number, high: number): void => {
    t.true(share(what) > low && share(what) < high, `${what}: ${share(what)}`)
  }
  within('cancel', 0.35, 0.5)
  within('new price', 0.013, 0.017)
  within('new quantity', 0.013, 0.017)
  within('market', 0.03, 0.06)
  within(`limit ${TimeInForce.gtc}`, 0.4, 0.55)
  within(`limit ${TimeInForce.ioc}`, 0.007, 0.013)
  within(`limit ${TimeInForce.fok}`, 0.003, 0.007)
  within('buy', 0.25, 0.29)
  within('sell', 0.25, 0.29)
  t.true(Math.abs(share('odd') / (share('odd') + share('round')) - 0.25) < 0.02)
})

test('simulator - clients are known by name, and the n-th sends a n-th of what the first does', (t) => {
  const market = new Market([ONE])
  const batch = new Batch(50_000)
  new Simulator(market, { badShare: 0 }).pull(batch, batch.capacity)
  t.deepEqual(
    [1, 2, 250, 251].map((client) => market.clients.text(client)),
    ['C001', 'C002', 'C250', '251'],
  )
  const counts = Array.from({ length: 251 }, () => 0)
  for (let i = 0; i < batch.count; i++) counts[batch.words[i * RECORD_WORDS + record.CLIENT]!]!++
  t.is(counts[0], 0)
  for (const client of [2, 5, 10])
    t.true(
      Math.abs((counts[client]! * client) / counts[1]! - 1) < 0.15,
      `client ${client}: ${counts[client]}`,
    )
})

test('random - a weighted pick goes by its weights, and never to what weighs nothing', (t) => {
  const weights = [5, 0, 1, 3, 0.5]
  const pick = new WeightedPick(weights)
  const random = new Random(2)
  const counts = weights.map(() => 0)
  for (let i = 0; i < 190_000; i++) counts[pick.pick(random)]!++
  for (const [at, weight] of weights.entries())
    t.true(Math.abs(counts[at]! - weight * 20_000) < 1_000, `${weight}: ${counts[at]}`)
  t.is(counts[1], 0)
})

/** Variance over mean of the counts in windows of a second. */
function fano(timesNs: readonly number[]): number {
  const begin = timesNs[0]!
  const counts = new Float64Array(Math.floor((timesNs.at(-1)! - begin) / NS_PER_SECOND))
  for (const time of timesNs) {
    const window = Math.floor((time - begin) / NS_PER_SECOND)
    if (window < counts.length) counts[window]!++
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length / mean
}
