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
  { file: text.describe('An ONNX model.') },
  {
    deadlineMs: numberBetween(0.1, 60_000).describe('How long an answer may take.'),
    moveTicks: ticks.describe('The move that the model predicts.'),
    input: text.describe('Name of its input.'),
    output: text.describe('Name of its output.'),
  },
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
    model: model.describe('A model file, or `{ onnx: FILE }`.', { default: SHIPPED_MODEL }),
    urgency: offOr(
      options(
        {},
        {
          confidence: numberBetween(0, 1).describe('From here on the model is sure enough.'),
          collarTicks: wholeNumber({ min: 0, max: MAX_PRICE_TICKS }).describe(
            'How far from the last trade an urgent order may trade.',
          ),
        },
      ),
    ).describe('Makes an order immediate where the model is sure of its direction; `false` turns it off.'),
    guard: offOr(
      options(
        {},
        {
          feeTicks: ticks.describe('What a trade costs.'),
          marginTicks: ticks.describe('What must be left.'),
        },
      ),
    ).describe('Hurries an order only where the expected move pays for the spread; `false` turns it off.'),
    halving: offOr(
      options({}, { riskScore: numberBetween(0, 1).describe('Above it an order keeps half its lots.') }),
    ).describe('Halves risky orders; `false` turns it off.'),
    sizing: options(
      {},
      {
        kelly: options(
          {
            fraction: numberBetween(0, 1).describe('How much of the Kelly stake.'),
            bankrollUnits: units.describe('What it is a share of, in units of price.'),
          },
          { maxLots: wholeNumber({ min: 1, max: MAX_LOTS }).describe('Never more than this.') },
        ).describe('A share of the bankroll by the edge that is expected.'),
        volatility: options({
          targetUnits: units.describe('What a usual move may gain or lose.'),
        }).describe('As many lots as a usual move is worth a target.'),
      },
    ).describe('Makes orders smaller by what is expected of them. By default off.'),
    slicing: options(
      { maxTicks: ticks.describe('An order that would move the price further is sliced.') },
      {
        twap: options({
          slices: wholeNumber({ min: 2, max: 1_000 }).describe('Into how many.'),
          everyMs: numberBetween(0, 86_400_000).describe('Time from one to the next.'),
        }).describe('Slices evenly in time.'),
        pov: options({
          share: numberBetween(0.001, 1).describe('Share of what trades meanwhile.'),
        }).describe('Slices with the volume.'),
      },
    ).describe('Cuts large orders into slices. By default off.'),
    watch: options(
      {},
      {
        staleAfterMs: numberBetween(0, 86_400_000).describe('How old a prediction may be.'),
        maxCalibrationError: numberBetween(0, 1).describe('How far off its probabilities may be.'),
        maxDrift: numberBetween(0, 100).describe('How far features may have moved: population stability.'),
      },
    ).describe('Bounds beyond which the stage does not advise.'),
    breaker: options(
      {},
      {
        failures: wholeNumber({ min: 1 }).describe('So many in a row open it.'),
        coolDownOrders: wholeNumber({ min: 1 }).describe(
          'So many orders pass before the model is tried again.',
        ),
      },
    ).describe('Leaves a failing model alone for a while.'),
    decisions: text.describe('A file that decisions are written to.'),
    replay: text.describe('Such a file: what was decided then is done again.'),
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
