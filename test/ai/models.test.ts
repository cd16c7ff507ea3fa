import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { FEATURE_COUNT, FEATURES } from '../../src/ai/features/feature-list.ts'
import { BoostedTrees } from '../../src/ai/models/boosted-trees.ts'
import { parseHorizon, horizonText } from '../../src/ai/models/horizon.ts'
import { CLIP, Logistic } from '../../src/ai/models/logistic.ts'
import { checksumOf, decodeModel, modelText, scorerOf } from '../../src/ai/models/model-file.ts'
import { plainModel, shippedModel } from '../support/models.ts'

const one = (scorer: { score: Logistic['score'] }, vector: readonly number[]): number => {
  const scores = new Float64Array(1)
  scorer.score(Float32Array.from(vector), 0, scores)
  return scores[0]!
}
const zeros = FEATURES.map(() => 0)

test('logistic - a score is the bias and the weighted, standardized features, each as far as the clip', (t) => {
  const weights = zeros.map((_, at) => (at === 0 ? 2 : at === 3 ? -1 : 0))
  const means = zeros.map((_, at) => (at === 0 ? 10 : 0))
  const deviations = zeros.map((_, at) => (at === 0 ? 4 : 1))
  const model = new Logistic([weights], [0.5], means, deviations)
  const vector = [...zeros]
  vector[0] = 12
  vector[3] = 0.25
  t.is(one(model, vector), 0.5 + 2 * 0.5 - 0.25)
  vector[0] = 1e9
  t.is(one(model, vector), 0.5 + 2 * CLIP - 0.25)
})

/** The same trees as nested objects, walked the obvious way. */
function walk(
  features: readonly number[],
  thresholds: Float32Array,
  leaves: readonly number[],
  vector: Float32Array,
): number {
  const inner = leaves.length - 1
  const go = (node: number): number =>
    node >= inner
      ? leaves[node - inner]!
      : go(vector[features[node]!]! > thresholds[node]! ? 2 * node + 2 : 2 * node + 1)
  return go(0)
}

test('boosted trees - every leaf is reached as a plain walk reaches it', (t) => {
  const depth = 3
  const number = fc.double({ min: -3, max: 3, noNaN: true })
  const tree = fc.record({
    features: fc.array(fc.nat(FEATURE_COUNT - 1), { minLength: 7, maxLength: 7 }),
    thresholds: fc.array(number, { minLength: 7, maxLength: 7 }),
    leaves: fc.array(number, { minLength: 8, maxLength: 8 }),
  })
  const vectors = fc.array(number, { minLength: FEATURE_COUNT, maxLength: FEATURE_COUNT })
  fc.assert(
    fc.property(fc.array(tree, { minLength: 1, maxLength: 5 }), vectors, number, (trees, given, base) => {
      const vector = Float32Array.from(given)
      const model = new BoostedTrees([
        {
          depth,
          base,
          features: Uint8Array.from(trees.flatMap(({ features }) => features)),
          thresholds: Float32Array.from(trees.flatMap(({ thresholds }) => thresholds)),
          leaves: Float64Array.from(trees.flatMap(({ leaves }) => leaves)),
        },
      ])
      let expected = base
      for (const { features, thresholds, leaves } of trees)
        expected += walk(features, Float32Array.from(thresholds), leaves, vector)
      const scores = new Float64Array(1)
      model.score(vector, 0, scores)
      return Object.is(scores[0], expected)
    }),
  )
  t.pass()
})

test('model files - those that come with the package decode, and are as the trainer writes them', (t) => {
  for (const name of ['direction', 'amzn']) {
    const { model } = shippedModel(name)
    t.true(model.id.startsWith(`${name}-`))
    t.is(model.checksum, checksumOf(model))
    t.deepEqual(JSON.parse(modelText(model)), model)
  }
})

/** What is wrong with a good model after some change to it. */
function problems(change: (model: Record<string, unknown>) => void): string[] {
  const model = structuredClone(plainModel({ 0: 1 })) as unknown as Record<string, unknown>
  change(model)
  if (model['checksum'] === 'again') model['checksum'] = checksumOf(model)
  const decoded = decodeModel(model)
  return E.isRight(decoded) ? [] : decoded.left.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('model files - a good one has no problems', (t) => {
  t.deepEqual(
    problems(() => {}),
    [],
  )
  const decoded = decodeModel(plainModel({ 0: 3 }))
  t.is(E.isRight(decoded) && one(scorerOf(decoded.right), [0.5, ...zeros.slice(1)]), 1.5)
})

test('model files - a number that was changed is found by the checksum', (t) => {
  t.deepEqual(
    problems((model) => {
      ;(model['logistic'] as { weights: number[][] }).weights[0]![0] = 1.000001
    }),
    ['checksum: does not fit: the file is not as it was written'],
  )
})

test('model files - everything that is wrong is told, each with its path', (t) => {
  const told = problems((model) => {
    model['kind'] = 'oracle'
    model['outputs'] = 'two'
    ;(model['calibration'] as Record<string, unknown>)['every'] = null
    ;(model['logistic'] as { biases: unknown[] }).biases[0] = 'x'
    delete model['move']
  })
  t.is(told.length, 5, told.join('\n'))
  t.log(told)
  t.true(told.some((each) => each.startsWith('kind: ') && each.includes('"oracle"')))
  t.true(told.includes('outputs: expected a finite number, got "two"'))
  t.true(told.includes('calibration.every: expected a finite number, got null'))
  t.true(told.includes('logistic.biases.0: expected a finite number, got "x"'))
  t.true(told.some((each) => each.startsWith('move: missing')))
})

test('model files - sizes and numbers that do not go together are told', (t) => {
  const sizes = problems((model) => {
    model['checksum'] = 'again'
    model['features'] = ['queueImbalance']
    model['horizon'] = 'soon'
    ;(model['logistic'] as { deviations: number[] }).deviations[2] = 0
  })
  t.is(sizes.length, 3)
  t.true(sizes[0]!.startsWith('features: expected queueImbalance, micropriceTicks'))
  t.is(sizes[1], 'horizon: expected next-move, N events or N s, got "soon"')
  t.is(sizes[2], `logistic.deviations: expected ${FEATURE_COUNT} numbers above 0`)
  const trees = problems((model) => {
    model['checksum'] = 'again'
    model['kind'] = 'boosted-trees'
    model['trees'] = [{ depth: 1, base: 0, features: [99], thresholds: [0], leaves: [1, 2] }]
  })
  t.deepEqual(trees, [`trees.0.features.0: expected a whole number from 0 to ${FEATURE_COUNT - 1}, got 99`])
})

test('horizons - are read as they are written', (t) => {
  for (const text of ['next-move', '50 events', '1 s', '0.5 s']) t.is(horizonText(parseHorizon(text)!), text)
  for (const text of ['', '0 events', '-1 s', 'tomorrow', '1e3 s', '5'])
    t.is(parseHorizon(text), undefined, text)
})
