import type * as t from 'io-ts'
import { numberBetween, options, text, variant, wholeNumber, Codec } from '../../pipeline/codec.ts'
import { DEFAULT_ROUTER, type RouterOptions } from '../../ai/routing/router-options.ts'
import type { WatchOptions } from '../../ai/prediction/prediction-engine.ts'
import { MAX_LOTS, MAX_PRICE_TICKS } from '../../book/index.ts'
import { SHIPPED_MODEL } from './load-model.ts'

const ticks = numberBetween(0, MAX_PRICE_TICKS)
const units = numberBetween(0, 1e15)

/** `false` turns a part off; left out it is as by default. */
function offOr<C extends t.Mixed>(part: C): Codec<t.TypeOf<C> | false> {
  return new Codec(`${part.name}, or false`, (value, context) =>
    value === false ? { _tag: 'Right', right: false } : part.validate(value, context),
  )
}

const onnxSettings = options(
  { file: text },
  { deadlineMs: numberBetween(0.1, 60_000), moveTicks: ticks, input: text, output: text },
)

/** A file, or one with settings. */
const onnx = new Codec<t.TypeOf<typeof onnxSettings>>('a file, or a map with file', (value, context) =>
  onnxSettings.validate(typeof value === 'string' ? { file: value } : value, context),
)
const onnxChoice = variant({ onnx })

/** A model file, or `onnx:` with a file that another program may have written. */
const model = new Codec<string | t.TypeOf<typeof onnxChoice>>(
  'a model file, or { onnx: FILE }',
  (value, context) =>
    typeof value === 'string' ? text.validate(value, context) : onnxChoice.validate(value, context),
)

export const aiCodec = options(
  {},
  {
    model,
    urgency: offOr(
      options(
        {},
        { confidence: numberBetween(0, 1), collarTicks: wholeNumber({ min: 0, max: MAX_PRICE_TICKS }) },
      ),
    ),
    guard: offOr(options({}, { feeTicks: ticks, marginTicks: ticks })),
    halving: offOr(options({}, { riskScore: numberBetween(0, 1) })),
    sizing: options(
      {},
      {
        kelly: options(
          { fraction: numberBetween(0, 1), bankrollUnits: units },
          { maxLots: wholeNumber({ min: 1, max: MAX_LOTS }) },
        ),
        volatility: options({ targetUnits: units }),
      },
    ),
    slicing: options(
      { maxTicks: ticks },
      {
        twap: options({ slices: wholeNumber({ min: 2, max: 1_000 }), everyMs: numberBetween(0, 86_400_000) }),
        pov: options({ share: numberBetween(0.001, 1) }),
      },
    ),
    watch: options(
      {},
      {
        staleAfterMs: numberBetween(0, 86_400_000),
        maxCalibrationError: numberBetween(0, 1),
        maxDrift: numberBetween(0, 100),
      },
    ),
    breaker: options({}, { failures: wholeNumber({ min: 1 }), coolDownOrders: wholeNumber({ min: 1 }) }),
    decisions: text,
    replay: text,
  },
)

/** What a pipeline file says of an `ai-enhance` stage; docs/ai.md has each key. */
export type AiOptions = t.TypeOf<typeof aiCodec>

export function routerOptions({ urgency, guard, halving, sizing }: AiOptions): RouterOptions {
  return {
    urgency: urgency === false ? undefined : { ...DEFAULT_ROUTER.urgency, ...urgency },
    guard: guard === false ? undefined : { ...DEFAULT_ROUTER.guard, ...guard },
    halving: halving === false ? undefined : { ...DEFAULT_ROUTER.halving, ...halving },
    sizing:
      sizing === undefined
        ? undefined
        : {
            kelly: sizing.kelly === undefined ? undefined : { maxLots: MAX_LOTS, ...sizing.kelly },
            volatility: sizing.volatility,
          },
  }
}

export function watchOptions({ watch = {} }: AiOptions): Partial<WatchOptions> {
  const { staleAfterMs, maxCalibrationError, maxDrift } = watch
  return {
    ...(staleAfterMs === undefined ? {} : { staleAfterNs: staleAfterMs * 1e6 }),
    ...(maxCalibrationError === undefined ? {} : { maxCalibrationError }),
    ...(maxDrift === undefined ? {} : { maxDrift }),
  }
}

export function modelFileOf({ model }: AiOptions): string {
  return typeof model === 'string' ? model : SHIPPED_MODEL
}
