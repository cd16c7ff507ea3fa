import test from 'ava'
import * as fc from 'fast-check'
import { riskScore, riskScorer, type RiskParts } from '../../src/risk/index.ts'
import { buy, sell } from '../support/both-engines.ts'
import { recordsOf } from '../support/streams.ts'
import { RiskDesk } from '../support/risk-outcomes.ts'

const lots = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const share = fc.integer({ min: 0, max: 1_000 }).map((thousandths) => thousandths / 1_000)
const parts: fc.Arbitrary<RiskParts> = fc.record({
  lots,
  depthLots: lots,
  volatility: fc.integer({ min: 0, max: 1_000 }).map((units) => units / 10_000),
  positionLots: lots,
  against: share,
})
const weights = fc.record({ size: share, volatility: share, concentration: share, against: share })
const RUNS = { numRuns: 5_000 }

test('risk score - is from 0 to 1, and 0 of nothing', (t) => {
  fc.assert(
    fc.property(parts, weights, (each, by) => {
      const score = riskScore(each, by)
      return score >= 0 && score <= 1
    }),
    RUNS,
  )
  t.is(riskScore({ lots: 0, depthLots: 0, volatility: 0, positionLots: 0, against: 0 }), 0)
  t.is(riskScore({ lots: 1, depthLots: 0, volatility: 0, positionLots: 0, against: 0 }), 0.5)
})

for (const [part, direction] of [
  ['lots', 1],
  ['depthLots', -1],
  ['volatility', 1],
  ['positionLots', 1],
  ['against', 1],
] as const)
  test(`risk score - never ${direction > 0 ? 'falls' : 'rises'} as ${part} rises, and does change with it`, (t) => {
    let changes = 0
    fc.assert(
      fc.property(parts, parts, weights, (each, other, by) => {
        const [low, high] = [Math.min(each[part], other[part]), Math.max(each[part], other[part])]
        const [from, to] = [riskScore({ ...each, [part]: low }, by), riskScore({ ...each, [part]: high }, by)]
        if (from !== to) changes++
        // The last bit of a product may go either way.
        return (to - from) * direction >= -1e-15
      }),
      RUNS,
    )
    t.true(changes > RUNS.numRuns / 20)
  })

test('risk score - of a record goes by the book and the position as they are then', (t) => {
  const desk = new RiskDesk()
  const { words } = recordsOf([buy(90, 10, 100, { client: 1 })])
  let against = 0.5
  const score = riskScorer(desk.stage.engine, {}, () => against)
  const alone = score(words, 0)
  desk.play([sell(1, 10, 101, { client: 2 })])
  const withDepth = score(words, 0)
  t.true(withDepth < alone)
  desk.play([buy(2, 1_000, 99, { client: 1 })])
  const concentrated = score(words, 0)
  t.true(concentrated > withDepth)
  against = 0.9
  const warned = score(words, 0)
  t.true(warned > concentrated)
  desk.play([sell(3, 1, 99, { client: 2 }), buy(4, 1, 101, { client: 3 })])
  t.true(score(words, 0) > warned, 'the price has moved')
  words[2] = 99
  t.is(score(words, 0), 0)
})
