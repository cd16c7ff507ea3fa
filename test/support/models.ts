import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { FEATURES } from '../../src/ai/features/feature-list.ts'
import { decodeModel, type ModelFile, scorerOf, sealModel } from '../../src/ai/models/model-file.ts'
import type { Scorer } from '../../src/ai/models/model.ts'
import { root } from './cli.ts'

/** The model that comes with the package. */
export function shippedModel(name = 'direction'): { readonly model: ModelFile; readonly scorer: Scorer } {
  const decoded = decodeModel(JSON.parse(readFileSync(join(root, `models/${name}.json`), 'utf8')))
  if (E.isLeft(decoded)) throw new Error(decoded.left.map(({ message }) => message).join('; '))
  return { model: decoded.right, scorer: scorerOf(decoded.right) }
}

/** A linear model of given weights, by feature number, with nothing to scale: for tests that need a sure answer. */
export function plainModel(
  weights: Readonly<Record<number, number>>,
  changes: Partial<Omit<ModelFile, 'schema' | 'id' | 'checksum'>> = {},
): ModelFile {
  const none = FEATURES.map(() => 0)
  return sealModel('test', {
    kind: 'logistic',
    features: [...FEATURES],
    horizon: 'next-move',
    outputs: 1,
    calibration: {
      start: [{ slope: 1, intercept: 0 }],
      window: 1_000,
      every: 1_000_000,
      strength: 0,
      sampleEvery: 1,
    },
    move: { perEdge: 1, perEdgeAndSpread: 0, deviationTicks: 1 },
    deciles: FEATURES.map(() => [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    impact: { perOrderFlow: 0, squareRoot: 0 },
    logistic: {
      weights: [none.map((_, at) => weights[at] ?? 0)],
      biases: [0],
      means: none,
      deviations: none.map(() => 1),
    },
    ...changes,
  })
}
