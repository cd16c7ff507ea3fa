import test from 'ava'
import { lastValueFrom } from 'rxjs'
import {
  FEATURE_COUNT,
  FEATURES,
  type FeatureName,
  featureIndex,
} from '../../src/ai/features/feature-list.ts'
import { Features } from '../../src/ai/features/features.ts'
import { ModelBreaker } from '../../src/ai/prediction/breaker.ts'
import { PredictionEngine } from '../../src/ai/prediction/prediction-engine.ts'
import type { Predictor } from '../../src/ai/prediction/predictor.ts'
import { Router } from '../../src/ai/routing/router.ts'
import { EnhanceStep } from '../../src/operators/ai/enhance-step.ts'
import { match, risk, validate } from '../../src/operators/index.ts'
import { fromStep } from '../../src/pipeline/island.ts'
import { observeSource } from '../../src/pipeline/pump.ts'
import { playInput, type FlowInput } from '../../src/cli/ai/record-input.ts'
import { dataFile } from '../support/data.ts'
import { type FeedEvent, observeRows, openedFlow } from '../support/flow-rows.ts'
import { shippedModel } from '../support/models.ts'

/** Keeps every vector that features go through. */
class Vectors {
  readonly values: number[][] = []
  readonly features: Features

  constructor() {
    this.features = new Features((instrument) => this.keep(instrument, this.features))
  }

  keep(instrument: number, features: Features): void {
    const vector = new Float32Array(FEATURE_COUNT)
    features.write(instrument, vector)
    this.values.push([instrument, ...vector])
  }
}

/** Runs flow through validate, ai-enhance, risk and match, and keeps the vectors that the stage goes through. */
async function vectorsInPipeline(input: FlowInput, batchRecords: number): Promise<number[][]> {
  const { market, source } = await openedFlow(input)
  const vectors = new Vectors()
  const inner = shippedModel()
  const engine = new PredictionEngine(inner.model, inner.scorer)
  const predictor: Predictor = {
    features: engine.features,
    modelId: engine.modelId,
    observe: (...event) => {
      const before = engine.features.events(event[0])
      engine.observe(...event)
      if (engine.features.events(event[0]) !== before) vectors.keep(event[0], engine.features)
    },
    predict: (instrument, nowNs) => engine.predict(instrument, nowNs),
    lines: () => [],
    figures: () => ({}),
  }
  const step = new EnhanceStep({ market, predictor, router: new Router({}), breaker: new ModelBreaker(1, 1) })
  const events = observeSource(source, market, { batchRecords }).pipe(
    validate(market, { rememberIds: 0 }),
    fromStep(() => step),
    risk(market),
    match(market),
  )
  await lastValueFrom(events, { defaultValue: undefined })
  return vectors.values
}

function assertSame(t: import('ava').ExecutionContext, left: number[][], right: number[][]): void {
  t.is(left.length, right.length)
  const wrong = left.findIndex((row, i) => row.some((value, at) => !Object.is(value, right[i]![at])))
  t.is(wrong, -1, wrong < 0 ? '' : `event ${wrong}: ${left[wrong]!.join(' ')} / ${right[wrong]!.join(' ')}`)
}

test('features - a day gives the same values from its stored rows and inside a running pipeline', async (t) => {
  const messages = dataFile(t, 'lobster/AMZN_L1_message.csv.gz')
  const book = dataFile(t, 'lobster/AMZN_L1_orderbook.csv.gz')
  if (messages === undefined || book === undefined) return
  const stored = new Vectors()
  await observeRows(messages, book, 100, stored.features)
  t.is(stored.values.length, 55_071)
  assertSame(t, stored.values, await vectorsInPipeline({ file: messages, book, tick: '0.01' }, 1_024))
})

test('features - simulated flow gives the same values from a stored tape and in a pipeline, however it is batched', async (t) => {
  const input = { profile: 'nasdaq-small-tick', seed: 5, orders: 20_000, instruments: 3 } as const
  const tape: FeedEvent[] = []
  await playInput(await openedFlow(input), { observe: (...event) => tape.push(event) })
  const stored = new Vectors()
  for (const event of tape) stored.features.observe(...event)
  t.true(stored.values.length > 2_000)
  for (const batchRecords of [1, 7, 1_024])
    assertSame(t, stored.values, await vectorsInPipeline(input, batchRecords))
})

function told(features: Features): Record<FeatureName, number> {
  const vector = new Float32Array(FEATURE_COUNT)
  features.write(0, vector)
  return Object.fromEntries(FEATURES.map((name, at) => [name, vector[at]!])) as Record<FeatureName, number>
}

test('features - a few events worked out by hand', (t) => {
  const features = new Features()
  features.observe(0, 100, 30, 104, 10, 0, 1_000_000)
  let now = told(features)
  t.is(now.queueImbalance, 0.5)
  t.is(now.micropriceTicks, 1)
  t.is(now.spreadTicks, 4)
  t.is(now.orderFlow10, 0, 'the first event has nothing to be compared with')
  t.is(now.lastTradeSign, 0)
  // A buyer takes the offer: the mid rises by one tick.
  features.observe(0, 100, 30, 106, 20, 10, 3_000_000)
  now = told(features)
  t.is(now.midMove10, 1)
  t.is(now.volatility50, 1)
  t.is(now.lastTradeSign, 1)
  t.is(now.lastMove, 1)
  t.is(now.logEventsSinceMove, 0)
  // Bid as before: plus 30, minus 30. Offer higher: plus the 10 that were there. Over (40 + 50) / 2 / 2.
  t.is(now.orderFlow10, Math.fround(10 / 22.5))
  t.is(now.signedVolume10, Math.fround(10 / 22.5))
  t.is(now.logDuration10, Math.fround(Math.log(1 + 2_000)))
  t.is(now.logDepth, Math.fround(Math.log(51)))
  features.observe(0, 101, 5, 106, 20, 0, 3_000_000)
  now = told(features)
  t.is(now.midMove10, 1.5)
  t.is(now.volatility50, Math.fround(Math.sqrt(1 + 0.25)))
  t.is(now.lastTradeSign, 1, 'what is not a trade leaves the sign')
})

test('features - windows forget what has left them', (t) => {
  const features = new Features()
  const at = (event: number): void => features.observe(0, 100, 10 + (event % 2), 102, 10, 0, event)
  features.observe(0, 100, 10, 104, 10, 0, 0)
  features.observe(0, 100, 10, 102, 10, -5, 0)
  for (let event = 1; event <= 60; event++) at(event)
  const now = told(features)
  t.is(now.midMove50, 0)
  t.is(now.volatility50, 0)
  t.is(now.signedVolume50, 0)
  t.is(now.lastTradeSign, -1)
  t.is(now.logEventsSinceMove, Math.fround(Math.log(61)))
})

test('features - what changes nothing is no event, and a one-sided or crossed book is left out', (t) => {
  const features = new Features()
  features.observe(0, 100, 10, 102, 10, 0, 1)
  features.observe(0, 100, 10, 102, 10, 0, 2)
  features.observe(0, 0, 0, 102, 10, 0, 3)
  features.observe(0, 102, 10, 102, 10, 0, 4)
  t.is(features.events(0), 1)
  features.observe(0, 100, 10, 102, 10, 3, 5)
  t.is(features.events(0), 2, 'a trade is one, whatever the book shows after it')
  t.is(features.events(7), 0)
})

test('features - instruments do not touch one another', (t) => {
  const alone = new Features()
  const among = new Features()
  for (let event = 0; event < 300; event++) {
    const book = [100 + (event % 3), 10 + (event % 7), 105, 9, event % 4, event] as const
    alone.observe(0, ...book)
    among.observe(5, 50, 1 + event, 60, 2, -event, event)
    among.observe(0, ...book)
  }
  t.deepEqual(told(among), told(alone))
  t.is(featureIndex('lastMove'), FEATURE_COUNT - 1)
})
