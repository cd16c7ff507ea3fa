import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { type Horizon, parseHorizon } from '../ai/models/horizon.ts'
import { type ModelFile, modelText } from '../ai/models/model-file.ts'
import { exportOnnx } from '../ai/onnx/export-onnx.ts'
import { cardText } from '../ai/training/card-text.ts'
import { makeCard, type ModelCard } from '../ai/training/card.ts'
import { Dataset } from '../ai/training/dataset.ts'
import { fitImpact } from '../ai/training/fit-impact.ts'
import { trainModel } from '../ai/training/train.ts'
import { systemProblem } from '../operators/input/system-error.ts'
import { FLOW_PROFILES, type ProfileName } from '../operators/simulator/profiles.ts'
import { ProgressBar } from './ai/progress-bar.ts'
import { type FlowInput, openInput, recordInput } from './ai/record-input.ts'
import { ExitCode } from './exit-code.ts'
import { print } from './print.ts'

interface TrainCommandOptions {
  readonly input?: readonly string[]
  readonly book?: string
  readonly tick: string
  readonly simulate?: ProfileName
  readonly orders: number
  readonly instruments: number
  readonly out: string
  readonly kind: ModelFile['kind']
  readonly horizon: Horizon
  readonly trees: number
  readonly depth: number
  readonly seed: number
  readonly onnx?: string
  readonly quiet?: boolean
  readonly format: 'text' | 'json'
}

/** `millrace train`. */
export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train a prediction model on recorded or simulated order flow and write its card')
    .option(
      '--input <files...>',
      'in the order of time: LOBSTER message files (the book beside each is used too), NDJSON or CSV orders',
    )
    .option('--book <file>', 'the book published beside a single message file, where its name does not say')
    .option('--tick <decimal>', 'tick of the instruments in the files', '0.01')
    .addOption(
      new Option('--simulate <profile>', 'learn from the embedded generator instead')
        .choices(Object.keys(FLOW_PROFILES))
        .conflicts(['input', 'book']),
    )
    .option('--orders <n>', 'orders to simulate', wholeFrom(1_000, 10_000_000), 300_000)
    .option('--instruments <n>', 'instruments to simulate', wholeFrom(1, 1_000), 5)
    .requiredOption('--out <file>', 'the model; its card is written beside it as .card.md and .card.json')
    .addOption(
      new Option('--kind <kind>', 'kind of model')
        .choices(['boosted-trees', 'logistic'])
        .default('boosted-trees'),
    )
    .option('--horizon <horizon>', 'next-move, N events or N s', horizon, { kind: 'next-move' } as Horizon)
    .option('--trees <n>', 'trees for each output', wholeFrom(1, 2_000), 100)
    .option('--depth <n>', 'depth of each tree', wholeFrom(1, 8), 4)
    .option('--seed <n>', 'the same seed gives the same bytes', wholeFrom(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--onnx <file>', 'write the model as ONNX too')
    .option('--quiet', 'no progress')
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .action(async (options: TrainCommandOptions) => {
      process.exitCode = await train(options)
    })
}

async function train(options: TrainCommandOptions): Promise<number> {
  const inputs = inputsOf(options)
  if (typeof inputs === 'string') return fail(inputs, ExitCode.usage)
  const bar = new ProgressBar(options.quiet === true)
  const data = new Dataset()
  const about = {
    inputs: [] as string[],
    digests: [] as string[],
    instruments: [] as string[],
    tick: options.tick,
  }
  let commands = 0
  for (const [at, input] of inputs.entries()) {
    const opened = await openInput(input)
    if (E.isLeft(opened)) return fail(opened.left, ExitCode.noInput)
    bar.show('reading', at / inputs.length)
    try {
      commands += await recordInput(opened.right, data, about.instruments.length, (read) => {
        if ('profile' in input) bar.show('reading', (at + read / input.orders) / inputs.length)
      })
    } catch (error) {
      return fail((error as Error).message, ExitCode.badData)
    }
    for (const fault of opened.right.faults()) process.stderr.write(`${fault}\n`)
    const { instruments } = opened.right.market
    about.inputs.push(opened.right.name)
    about.digests.push(opened.right.digest)
    for (let number = 0; number < instruments.count; number++)
      about.instruments.push(instruments.symbol(number))
  }
  bar.show('reading', 1)
  return fitAndWrite(data, about, options, bar, commands)
}

async function fitAndWrite(
  data: Dataset,
  about: ModelCard['data'],
  options: TrainCommandOptions,
  bar: ProgressBar,
  commands: number,
): Promise<number> {
  const { kind, horizon, seed, trees, depth } = options
  const out = options.out.endsWith('.json') ? options.out : `${options.out}.json`
  const base = out.slice(0, -'.json'.length)
  const impact = fitImpact(data, busiest(data))
  let training
  try {
    training = trainModel(data, {
      kind,
      horizon,
      seed,
      trees,
      depth,
      name: base.split('/').at(-1)!,
      impact,
      onProgress: (share) => bar.show('training', share),
    })
  } catch (error) {
    bar.end()
    if (error instanceof RangeError) return fail(error.message, ExitCode.badData)
    throw error
  }
  bar.show('judging', 0)
  const trained = kind === 'boosted-trees' ? { trees, depth } : {}
  const card = makeCard(data, training, about, { seed, trained, impact })
  bar.show('judging', 1)
  bar.end()
  try {
    await mkdir(dirname(out), { recursive: true })
    await writeFile(out, modelText(training.model))
    await writeFile(`${base}.card.json`, `${JSON.stringify(card, undefined, 2)}\n`)
    await writeFile(`${base}.card.md`, cardText(card))
    if (options.onnx !== undefined) await writeFile(options.onnx, exportOnnx(training.model))
  } catch (error) {
    return fail(`${out}: ${systemProblem(error)}`, ExitCode.ioError)
  }
  return print(options.format === 'json' ? `${JSON.stringify(card)}\n` : told(card, out, commands))
}

function told(card: ModelCard, out: string, commands: number): string {
  const { test, baselines, rows } = card
  const three = (value: number): string => value.toFixed(3)
  const baseline = baselines['queueImbalance']!
  return [
    `${commands} commands, ${rows.all} events: ${rows.train} to train on, ${rows.validation} to calibrate with, ${rows.test} to test on`,
    `${card.model}: accuracy ${three(test.accuracy)}, F1 ${three(test.f1)}, AUC ${three(test.auc)}, Brier ${three(test.brier)}, calibration error ${three(test.calibrationError)}`,
    `queue imbalance alone: accuracy ${three(baseline.accuracy)}, AUC ${three(baseline.auc)}`,
    `written: ${out} and its card beside it`,
    '',
  ].join('\n')
}

function inputsOf(options: TrainCommandOptions): readonly FlowInput[] | string {
  const { input = [], book, tick, simulate, orders, instruments, seed } = options
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(tick) || Number(tick) === 0)
    return `--tick: expected a decimal number above 0, got ${JSON.stringify(tick)}`
  if (simulate !== undefined) return [{ profile: simulate, seed, orders, instruments }]
  if (input.length === 0) return 'expected --input or --simulate'
  if (book !== undefined && input.length > 1) return '--book goes with one --input'
  return input.map((file) => ({ file, book, tick }))
}

/** The instrument with the most rows. */
function busiest(data: Dataset): number {
  const counts = new Map<number, number>()
  for (let row = 0; row < data.count; row++) {
    const instrument = data.instruments[row]!
    counts.set(instrument, (counts.get(instrument) ?? 0) + 1)
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0
}

function fail(message: string, code: number): number {
  process.stderr.write(`millrace: ${message}\n`)
  return code
}

function horizon(text: string): Horizon {
  const parsed = parseHorizon(text)
  if (parsed === undefined) throw new InvalidArgumentError('expected next-move, N events or N s')
  return parsed
}

function wholeFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text)
    if (!Number.isSafeInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`)
    return value
  }
}
