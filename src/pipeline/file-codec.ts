import * as t from 'io-ts'
import { Codec, listOf, mapOf, oneOf, options, text, wholeNumber } from './codec.ts'
import { codecUnder, shapeOf, type Props } from './codec-shape.ts'
import { edgeCodec } from './graph/edge-settings.ts'
import { QUANTILES, stageSettingCodecs } from './graph/stage-settings.ts'
import { instrumentTerms } from './instrument-terms.ts'
import type { AnyOperator, Registry } from './operator.ts'
import { STAGE_ID } from './path.ts'
import { runtimeSettings } from './runtime-settings.ts'
import { alertList, serverSettings } from './server-settings.ts'

/**
 * The whole of a pipeline file as codecs: what schemas, completion and the echo of what is in effect are made from.
 * Decoding goes part by part (definition.ts), for better messages; a test holds both to the same keys.
 */

const id = new Codec<string>('an id', t.string.validate, {
  kind: 'text',
  pattern: STAGE_ID.source.replaceAll('a-z', 'a-zA-Z'),
}).describe(
  'Name of the stage, unique in the file: a letter, then letters, digits and dashes. By default that of its operator.',
)

const inputs = new Codec<unknown>('ids', t.unknown.validate, { kind: 'either', of: [text, listOf(text)] })

const duration = new Codec<unknown>('a duration', t.unknown.validate, {
  kind: 'text',
  pattern: '^\\d+(\\.\\d+)? ?(ns|us|ms|s|m)$|\\$\\{',
})
const budget = options(
  {},
  Object.fromEntries(
    QUANTILES.map((quantile) => [quantile, duration.describe(`Most of it: \`10us\`, \`5ms\`.`)]),
  ),
)

/** Keys that the file has beside its stages. */
export const FILE_KEYS = {
  required: { name: text.describe('A name for reports.') },
  optional: {
    instruments: mapOf(instrumentTerms.full).describe('What is traded: symbol to terms.'),
    defaultInstrument: instrumentTerms.default.describe(
      'Terms for a symbol that first comes in an order and is not listed. Without it such an order is refused.',
    ),
    include: new Codec<unknown>('files', t.unknown.validate, {
      kind: 'either',
      of: [text, listOf(text)],
    }).describe(
      'Files that this one is laid over; paths begin at the folder of this file. What is here counts more.',
      { examples: [['common.yaml']] },
    ),
    plugins: listOf(text).describe(
      'Modules with operators of your own (defineOperator); paths begin at the folder of this file. Loading one executes it.',
      { examples: [['./my-operator.ts']] },
    ),
    edges: listOf(edgeCodec).describe(
      'How stages are joined, where the default (32,768 records, block) will not do.',
    ),
    budget: budget.describe("Bounds on a record's own time through all stages of its island, by quantile."),
    deadLetters: options({ dir: text.describe('The folder that they go to.') }).describe(
      'Keeps records that a stage failed at.',
    ),
    server: serverSettings.describe('Serves API and dashboard while the pipeline runs; see docs/api.md.'),
    alerts: alertList.describe('Conditions on what is measured, and who is told; see docs/alerts.md.'),
    runtime: runtimeSettings.describe(
      'How the pipeline is run, whatever it does; profiles are mostly about this.',
    ),
  },
} as const satisfies Record<string, Props>

/** Keys that every stage has, but for its operator's name. */
export const STAGE_CODECS: Props = {
  id,
  ...stageSettingCodecs,
  breaker: options({}, { failures: wholeNumber({ min: 1 }), recovery: duration }),
  timeout: duration,
  budget,
  inputs: inputs.describe(
    'Id of the stage that feeds this one, or a list of ids. By default the stage before.',
  ),
}

/** All keys of a stage of an operator. */
export function stageCodec(operator: AnyOperator): t.Mixed {
  const shape = shapeOf(operator.options)
  const own = shape.kind === 'options' ? shape : { required: {}, optional: {} }
  const codec = options(
    { operator: oneOf(operator.name), ...own.required },
    { ...STAGE_CODECS, ...own.optional },
  )
  return operator.description === undefined ? codec : codec.describe(operator.description)
}

/** The codec of what stands at a path; undefined where it is not known. */
export function codecAt(
  path: readonly string[],
  registry: Registry,
  operatorOf: (stage: string) => unknown,
): t.Mixed | undefined {
  const [first, second, ...rest] = path
  let codec: t.Mixed | undefined = options(FILE_KEYS.required, FILE_KEYS.optional)
  let left = path
  if (first === 'stages' && second !== undefined) {
    const operator = registry.get(String(operatorOf(second)))
    codec = operator === undefined ? options({}, STAGE_CODECS) : stageCodec(operator)
    left = rest
  }
  for (const key of left) codec = codec === undefined ? undefined : codecUnder(codec, key)
  return codec
}
