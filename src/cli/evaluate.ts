import { type Command, InvalidArgumentError, Option } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { Evaluation } from '../ai/evaluation/evaluation.ts'
import { resultLines, resultsOf } from '../ai/evaluation/report.ts'
import { Features } from '../ai/features/features.ts'
import { scorerOf } from '../ai/models/model-file.ts'
import { PredictionEngine } from '../ai/prediction/prediction-engine.ts'
import { Router } from '../ai/routing/router.ts'
import { DEFAULT_ROUTER } from '../ai/routing/router-options.ts'
import { EMBARGO_ROWS } from '../ai/training/split.ts'
import { loadModel, SHIPPED_MODEL } from '../operators/ai/load-model.ts'
import { FLOW_PROFILES, type ProfileName } from '../operators/simulator/profiles.ts'
import { ProgressBar } from './ai/progress-bar.ts'
import { type FlowInput, openInput, playInput } from './ai/record-input.ts'
import { ExitCode } from './exit-code.ts'
import { print } from './print.ts'

interface EvaluateOptions {
  readonly input?: string
  readonly book?: string
  readonly tick: string
  readonly simulate?: ProfileName
  readonly orders: number
  readonly model: string
  readonly from: number
  readonly every: number
  readonly lots: number
  readonly patience: number
  readonly confidence: number
  readonly seed: number
  readonly quiet?: boolean
  readonly format: 'text' | 'json'
}

const ROUTERS = ['off', 'rule', 'guarded']

/** `millrace evaluate`. */
export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('replay recorded flow and say what acting on a model costs or saves, on the same orders')
    .option('--input <file>', 'a LOBSTER message file (the book beside it is used too), NDJSON or CSV orders')
    .option('--book <file>', 'the book published beside the message file, where its name does not say')
    .option('--tick <decimal>', 'tick of the instruments in the file', '0.01')
    .addOption(
      new Option('--simulate <profile>', 'evaluate on the embedded generator instead')
        .choices(Object.keys(FLOW_PROFILES))
        .conflicts(['input', 'book']),
    )
    .option('--orders <n>', 'orders to simulate', above0, 300_000)
    .option('--model <file>', 'the model', SHIPPED_MODEL)
    .option(
      '--from <share>',
      'leave out the first so much of the events: what the model was trained on',
      share,
      0.8,
    )
    .option('--every <events>', 'an order is tried after every so many events', above0, 10)
    .option('--lots <n>', 'lots of an order', above0, 100)
    .option('--patience <seconds>', 'how long an order may rest', above0, 30)
    .option('--confidence <p>', 'confidence above which an order is made urgent', share, 0.8)
    .option('--seed <n>', 'of the orders and of the intervals', above0, 1)
    .option('--quiet', 'no progress')
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .action(async (options: EvaluateOptions) => {
      process.exitCode = await evaluate(options)
    })
}

async function evaluate(options: EvaluateOptions): Promise<number> {
  const { input, book, tick, simulate, orders, seed } = options
  if (simulate === undefined && input === undefined)
    return fail('expected --input or --simulate', ExitCode.usage)
  const flow: FlowInput =
    simulate === undefined
      ? { file: input!, book, tick }
      : { profile: simulate, seed, orders, instruments: 1 }
  const model = await loadModel(options.model)()
  if (E.isLeft(model)) return fail(model.left, ExitCode.badData)
  const bar = new ProgressBar(options.quiet === true)
  // Twice over the same flow: how long it is must be known before the share to leave out is.
  bar.show('reading', 0)
  const span = await countFlow(flow)
  if (E.isLeft(span)) return fail(span.left, ExitCode.noInput)
  const opened = await openInput(flow)
  if (E.isLeft(opened)) return fail(opened.left, ExitCode.noInput)
  const predictor = new PredictionEngine(model.right, scorerOf(model.right))
  const evaluation = new Evaluation(predictor, routersOf(options), 0, {
    everyEvents: options.every,
    lots: options.lots,
    patienceSeconds: options.patience,
    fromEvent: Math.floor(span.right.events * options.from) + EMBARGO_ROWS,
    seed,
  })
  await playInput(opened.right, evaluation, (commands) =>
    bar.show('replaying', commands / span.right.commands),
  )
  evaluation.end()
  bar.end()
  const results = resultsOf(ROUTERS, evaluation.outcomes, seed)
  if (options.format === 'json')
    return print(`${JSON.stringify({ model: model.right.id, input: opened.right.name, results })}\n`)
  const lines = [
    `${opened.right.name}, the last ${((1 - options.from) * 100).toFixed(0)}% of the events; model ${model.right.id}`,
    `every ${options.every} events an order of ${options.lots} lots joins the best price of its side, for ${options.patience} s at most`,
    '',
    ...resultLines(results),
  ]
  return print(`${lines.join('\n')}\n`)
}

/** Off, the bare rule, and the rule with the guard. */
function routersOf({ confidence }: EvaluateOptions): Router[] {
  const { halving } = DEFAULT_ROUTER
  const urgency = { ...DEFAULT_ROUTER.urgency, confidence }
  return [
    new Router({}),
    new Router({ urgency, halving }),
    new Router({ urgency, halving, guard: DEFAULT_ROUTER.guard }),
  ]
}

/** Commands of a flow, and events of its first instrument. */
interface FlowCount {
  readonly commands: number
  readonly events: number
}

async function countFlow(flow: FlowInput): Promise<E.Either<string, FlowCount>> {
  const opened = await openInput(flow)
  if (E.isLeft(opened)) return opened
  const features = new Features()
  try {
    const commands = await playInput(opened.right, features)
    for (const fault of opened.right.faults()) process.stderr.write(`${fault}\n`)
    return E.right({ commands, events: features.events(0) })
  } catch (error) {
    return E.left((error as Error).message)
  }
}

function fail(message: string, code: number): number {
  process.stderr.write(`millrace: ${message}\n`)
  return code
}

function above0(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new InvalidArgumentError('expected a whole number above 0')
  return value
}

function share(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text)
  if (!(value >= 0 && value < 1)) throw new InvalidArgumentError('expected a number from 0 up to 1')
  return value
}
