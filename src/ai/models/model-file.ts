import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { FEATURE_COUNT, FEATURES } from '../features/feature-list.ts'
import { BoostedTrees } from './boosted-trees.ts'
import { parseHorizon } from './horizon.ts'
import { Logistic } from './logistic.ts'
import { type Scorer, THREE_WAY, TWO_WAY } from './model.ts'

/** What the first key of a model file says: the number rises when an older program would read it wrongly. */
export const MODEL_SCHEMA = 'millrace-model/1'

const finite = new t.Type<number>(
  'a finite number',
  t.number.is,
  (value, context) =>
    typeof value === 'number' && Number.isFinite(value) ? t.success(value) : t.failure(value, context),
  t.identity,
)
const numbers = t.readonlyArray(finite, 'a list of numbers')
const platt = t.readonly(t.strict({ slope: finite, intercept: finite }))

const logisticPart = t.readonly(
  t.strict({
    weights: t.readonlyArray(numbers),
    biases: numbers,
    means: numbers,
    deviations: numbers,
  }),
)

const forestPart = t.readonly(
  t.strict({
    depth: finite,
    base: finite,
    features: numbers,
    thresholds: numbers,
    leaves: numbers,
  }),
)

const modelCodec = t.intersection([
    t.strict({
      schema: t.literal(MODEL_SCHEMA),
      /** A name and what makes it this very model: the first digits of its checksum. */
      id: t.string,
      kind: t.keyof({ logistic: null, 'boosted-trees': null }),
      features: t.readonlyArray(t.string),
      horizon: t.string,
      outputs: finite,
      /** Scores to chances: what holds at first, and how it is fitted again while running. */
      calibration: t.readonly(
        t.strict({
          start: t.readonlyArray(platt),
          window: finite,
          every: finite,
          strength: finite,
          /** One event of an instrument in so many is followed to its outcome. */
          sampleEvery: finite,
        }),
      ),
      /**
       * Expected move in ticks = (chance up - chance down) x (perEdge + perEdgeAndSpread x spread in ticks), fitted by
       * least squares; deviationTicks is that of a move.
       */
      move: t.readonly(t.strict({ perEdge: finite, perEdgeAndSpread: finite, deviationTicks: finite })),
      /** For each feature, the values that part the training rows into ten equal shares. */
      deciles: t.readonlyArray(numbers),
      /** Of the square-root law and of order flow; docs/ai.md has the formulas. */
      impact: t.readonly(t.strict({ perOrderFlow: finite, squareRoot: finite })),
      checksum: t.string,
    }),
    t.partial({ logistic: logisticPart, trees: t.readonlyArray(forestPart) }),
  ])

/** A model as its file holds it. */
export type ModelFile = Readonly<t.TypeOf<typeof modelCodec>>

/** One thing wrong with a model file, and under which keys. */
export interface ModelProblem {
  readonly path: readonly string[]
  readonly message: string
}

/** Decodes a parsed model file: shape, sizes that go together, features that this program knows, checksum. */
export function decodeModel(value: unknown): E.Either<readonly ModelProblem[], ModelFile> {
  const decoded = modelCodec.decode(value)
  if (E.isLeft(decoded)) return E.left(problemsOf(decoded.left))
  const problems = [...sizeProblems(decoded.right)]
  if (problems.length === 0 && decoded.right.checksum !== checksumOf(value as object))
    problems.push({ path: ['checksum'], message: 'does not fit: the file is not as it was written' })
  return problems.length > 0 ? E.left(problems) : E.right(decoded.right)
}

/** Finishes a model: its id from a name and its checksum, then the checksum. */
export function sealModel(name: string, model: Omit<ModelFile, 'schema' | 'id' | 'checksum'>): ModelFile {
  const body = { schema: MODEL_SCHEMA, id: '', ...model } as const
  const id = `${name}-${checksumOf(body).slice(0, 8)}`
  const named = { ...body, id }
  return { ...named, checksum: checksumOf(named) }
}

/** A model file's text: the same model gives the same bytes. */
export function modelText(model: ModelFile): string {
  return `${JSON.stringify(model, undefined, 1).replace(NUMBER_LIST, (list) => list.replace(/\s+/g, ' '))}\n`
}

const NUMBER_LIST = /\[[-\d.,e+\s]+\]/g

/** SHA-256 over all but the checksum, as JSON with the keys of each map in order. */
export function checksumOf(model: object): string {
  const { checksum: _, ...rest } = model as { checksum?: unknown }
  return createHash('sha256').update(JSON.stringify(rest, inOrder)).digest('hex')
}

function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The part of a model that scores. */
export function scorerOf(model: ModelFile): Scorer {
  if (model.kind === 'logistic') {
    const { weights, biases, means, deviations } = model.logistic!
    return new Logistic(weights, biases, means, deviations)
  }
  return new BoostedTrees(
    model.trees!.map(({ depth, base, features, thresholds, leaves }) => ({
      depth,
      base,
      features: Uint8Array.from(features),
      thresholds: Float32Array.from(thresholds),
      leaves: Float64Array.from(leaves),
    })),
  )
}

function problemsOf(errors: t.Errors): ModelProblem[] {
  const told = new Map<string, ModelProblem>()
  for (const { context, value, message } of errors) {
    const path = context
      .filter((_, at) => at > 0 && !(context[at - 1]!.type instanceof t.IntersectionType))
      .map(({ key }) => key)
    const expected = message ?? `expected ${expectedName(context.at(-1)!.type)}`
    told.set(path.join('.'), {
      path,
      message: value === undefined ? `missing, ${expected}` : `${expected}, got ${shown(value)}`,
    })
  }
  return [...told.values()]
}

/** Codecs of maps and lists have names as long as what they hold. */
function expectedName({ name }: t.Decoder<unknown, unknown>): string {
  if (name.startsWith('Readonly') || name.startsWith('{') || name.startsWith('(')) return 'a map'
  if (name.startsWith('readonly') || name.endsWith('[]')) return 'a list'
  return name === 'string' ? 'text' : name
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value)
  return json.length > 60 ? `${json.slice(0, 57)}...` : json
}

function* sizeProblems(model: ModelFile): Generator<ModelProblem> {
  const { features, outputs, calibration, deciles } = model
  if (features.length !== FEATURE_COUNT || features.some((name, at) => name !== FEATURES[at]))
    yield { path: ['features'], message: `expected ${FEATURES.join(', ')}, in this order` }
  if (parseHorizon(model.horizon) === undefined)
    yield { path: ['horizon'], message: `expected next-move, N events or N s, got ${shown(model.horizon)}` }
  if (outputs !== TWO_WAY && outputs !== THREE_WAY)
    yield { path: ['outputs'], message: `expected ${TWO_WAY} or ${THREE_WAY}, got ${outputs}` }
  if (calibration.start.length !== outputs)
    yield { path: ['calibration', 'start'], message: `expected one for each of ${outputs} outputs` }
  for (const key of ['window', 'every', 'sampleEvery'] as const)
    if (!Number.isInteger(calibration[key]) || calibration[key] < 1 || calibration[key] > 1e6)
      yield {
        path: ['calibration', key],
        message: `expected a whole number from 1 to 1000000, got ${calibration[key]}`,
      }
  if (calibration.strength < 0)
    yield { path: ['calibration', 'strength'], message: 'expected a number from 0' }
  if (deciles.length !== FEATURE_COUNT || deciles.some((each) => each.length !== 9))
    yield { path: ['deciles'], message: `expected nine numbers for each of ${FEATURE_COUNT} features` }
  if (model.kind === 'logistic') yield* logisticProblems(model)
  else yield* forestProblems(model)
}

function* logisticProblems({ logistic, outputs }: ModelFile): Generator<ModelProblem> {
  if (logistic === undefined) {
    yield { path: ['logistic'], message: 'missing, expected what kind says' }
    return
  }
  const { weights, biases, means, deviations } = logistic
  if (weights.length !== outputs || weights.some((each) => each.length !== FEATURE_COUNT))
    yield {
      path: ['logistic', 'weights'],
      message: `expected ${FEATURE_COUNT} numbers for each of ${outputs} outputs`,
    }
  if (biases.length !== outputs)
    yield { path: ['logistic', 'biases'], message: `expected ${outputs} numbers` }
  if (means.length !== FEATURE_COUNT)
    yield { path: ['logistic', 'means'], message: `expected ${FEATURE_COUNT} numbers` }
  if (deviations.length !== FEATURE_COUNT || deviations.some((each) => !(each > 0)))
    yield { path: ['logistic', 'deviations'], message: `expected ${FEATURE_COUNT} numbers above 0` }
}

const MAX_DEPTH = 10

function* forestProblems({ trees, outputs }: ModelFile): Generator<ModelProblem> {
  if (trees?.length !== outputs) {
    yield { path: ['trees'], message: `expected one for each of ${outputs} outputs` }
    return
  }
  for (const [output, { depth, features, thresholds, leaves }] of trees.entries()) {
    const path = ['trees', String(output)]
    if (!Number.isInteger(depth) || depth < 1 || depth > MAX_DEPTH) {
      yield {
        path: [...path, 'depth'],
        message: `expected a whole number from 1 to ${MAX_DEPTH}, got ${depth}`,
      }
      continue
    }
    const inner = 2 ** depth - 1
    const count = leaves.length / (inner + 1)
    if (!Number.isInteger(count))
      yield { path: [...path, 'leaves'], message: `expected ${inner + 1} numbers for each tree` }
    if (features.length !== count * inner)
      yield { path: [...path, 'features'], message: `expected ${inner} numbers for each of ${count} trees` }
    if (thresholds.length !== features.length)
      yield { path: [...path, 'thresholds'], message: `expected ${features.length} numbers` }
    const wrong = features.findIndex((each) => !Number.isInteger(each) || each < 0 || each >= FEATURE_COUNT)
    if (wrong >= 0)
      yield {
        path: [...path, 'features', String(wrong)],
        message: `expected a whole number from 0 to ${FEATURE_COUNT - 1}, got ${features[wrong]}`,
      }
  }
}
