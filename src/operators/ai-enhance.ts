import { basename } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import type { SliceSchedule } from '../ai/impact/slicer.ts'
import { ModelBreaker } from '../ai/prediction/breaker.ts'
import { AsyncPredictor } from '../ai/prediction/async-predictor.ts'
import { PredictionEngine } from '../ai/prediction/prediction-engine.ts'
import type { Predictor } from '../ai/prediction/predictor.ts'
import { FEATURE_COUNT } from '../ai/features/feature-list.ts'
import { type ModelFile, scorerOf } from '../ai/models/model-file.ts'
import { openOnnx } from '../ai/onnx/onnx-session.ts'
import { Router } from '../ai/routing/router.ts'
import type { Batch } from '../book/index.ts'
import { checked } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, StageProblem, Step } from '../pipeline/operator.ts'
import { aiCodec, type AiOptions, modelFileOf, routerOptions, watchOptions } from './ai/ai-options.ts'
import { DecisionLog, RecordedDecisions } from './ai/decision-log.ts'
import { EnhanceStep, type RiskScore } from './ai/enhance-step.ts'
import { loadModel } from './ai/load-model.ts'
import { Slicing } from './ai/slicing.ts'
import { ReplayStep } from './ai/replay-step.ts'
import { systemProblem } from './input/system-error.ts'

export type { AiOptions } from './ai/ai-options.ts'
export type { RiskScore } from './ai/enhance-step.ts'

/** What a program can give beside what a file says. */
export interface AiParts {
  /** From 0 to 1: how risky an order is. By default size against depth, volatility and the prediction against it. */
  readonly riskScore?: RiskScore | undefined
}

/** Of a model that answers later; and the move it is taken to speak of, where the file does not say: the smallest. */
const DEADLINE_MS = 50
const MOVE_TICKS = 0.5
/** An ONNX model says nothing of impact: then the walk through the book alone decides. */
const NO_IMPACT = { perOrderFlow: 0, squareRoot: 0 }
const DEFAULT_TWAP = { slices: 5, everyMs: 1_000 }
const BREAKER = { failures: 20, coolDownOrders: 10_000 }

function open(market: Market, options: AiOptions, parts: AiParts): TE.TaskEither<StageProblem, Step> {
  return async () => {
    if (options.replay !== undefined) {
      const decisions = RecordedDecisions.read(options.replay)
      return E.isLeft(decisions)
        ? E.left({ path: ['replay'], message: decisions.left })
        : E.right(new ReplayStep(market, decisions.right))
    }
    const opened = await openPredictor(options)
    if (E.isLeft(opened)) return opened
    const { predictor, impact } = opened.right
    const log = openLog(options.decisions)
    if (E.isLeft(log)) return log
    const { failures, coolDownOrders } = { ...BREAKER, ...options.breaker }
    return E.right(
      new EnhanceStep({
        market,
        predictor,
        slicing: slicingOf(market, options, impact),
        router: new Router(routerOptions(options)),
        breaker: new ModelBreaker(failures, coolDownOrders),
        riskScore: parts.riskScore,
        log: log.right,
      }),
    )
  }
}

function openLog(path: string | undefined): E.Either<StageProblem, DecisionLog | undefined> {
  try {
    return E.right(path === undefined ? undefined : new DecisionLog(path))
  } catch (error) {
    return E.left({ path: ['decisions'], message: `${path}: ${systemProblem(error)}` })
  }
}

interface OpenedModel {
  readonly predictor: Predictor
  readonly impact: ModelFile['impact']
}

function slicingOf(market: Market, { slicing }: AiOptions, impact: ModelFile['impact']): Slicing | undefined {
  if (slicing === undefined) return undefined
  const { maxTicks, twap = DEFAULT_TWAP, pov } = slicing
  const schedule: SliceSchedule =
    pov === undefined
      ? { kind: 'twap', slices: twap.slices, everyNs: twap.everyMs * 1e6 }
      : { kind: 'pov', share: pov.share }
  return new Slicing(market, impact, { maxTicks, schedule })
}

async function openPredictor(options: AiOptions): Promise<E.Either<StageProblem, OpenedModel>> {
  const { model: named } = options
  if (typeof named === 'object') {
    const { file, deadlineMs = DEADLINE_MS, moveTicks = MOVE_TICKS, input, output } = named.onnx
    const model = await openOnnx({ file, input, output }, FEATURE_COUNT)
    if (E.isLeft(model)) return E.left({ path: ['model', 'onnx'], message: model.left })
    const { staleAfterNs } = watchOptions(options)
    const predictor = new AsyncPredictor(model.right, {
      modelId: basename(file),
      deadlineMs,
      moveTicks,
      staleAfterNs,
    })
    return E.right({ predictor, impact: NO_IMPACT })
  }
  const model = await loadModel(modelFileOf(options))()
  if (E.isLeft(model)) return E.left({ path: ['model'], message: model.left })
  const predictor = new PredictionEngine(model.right, scorerOf(model.right), watchOptions(options))
  return E.right({ predictor, impact: model.right.impact })
}

/**
 * Lets a trained model make orders more urgent or smaller, within what risk allows: `risk` must stand behind it. Joins the
 * island of the operators beside it.
 */
export function aiEnhance(
  market: Market,
  options: AiOptions = {},
  parts: AiParts = {},
): OperatorFunction<Batch, Batch> {
  const given = checked(aiCodec, options, 'ai-enhance')
  return fromStep(async () => {
    const step = await open(market, given, parts)()
    if (E.isLeft(step)) throw new Error(`ai-enhance: ${step.left.message}`)
    return step.right
  })
}

export const aiEnhanceOperator: Operator<AiOptions> = {
  name: 'ai-enhance',
  options: aiCodec,
  consumes: 'command',
  produces: 'command',
  check: ({ slicing, replay }, { meetsBefore }) => {
    if (!meetsBefore('risk', 'match'))
      return {
        path: ['operator'],
        message: 'expected a risk stage between this one and match: what it makes of an order must pass risk',
      }
    if (slicing?.twap !== undefined && slicing.pov !== undefined)
      return { path: ['slicing', 'pov'], message: 'expected twap or pov, not both' }
    return slicing !== undefined && replay !== undefined
      ? { path: ['replay'], message: 'slices are commands of their own: replay them from a journal' }
      : undefined
  },
  create: (options, { market }) => open(market, options, {}),
}
