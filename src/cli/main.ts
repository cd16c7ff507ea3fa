import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { addBench } from './bench/commands.ts'
import { addBook } from './book.ts'
import { addCreate } from './create.ts'
import { deadLettersOf } from './dead-letters.ts'
import { addEvaluate } from './evaluate.ts'
import { ExitCode } from './exit-code.ts'
import { explainFile, type ExplainOptions } from './explain.ts'
import { graphFile, GRAPH_FORMATS, type GraphOptions } from './graph.ts'
import { runFile, type RunFileOptions } from './run.ts'
import { addSchema } from './schema.ts'
import { settleFile, type SettleFileOptions } from './settle.ts'
import { addBackup } from './backup.ts'
import { addEvents } from './events.ts'
import { addKeys } from './keys.ts'
import { addLoad } from './load-test/command.ts'
import { addReplay } from './replay.ts'
import { addRevisions } from './revisions.ts'
import { addTap } from './tap.ts'
import { addTest } from './test.ts'
import { addTop } from './top.ts'
import { addTrain } from './train.ts'
import { validateFile, type ValidateOptions } from './validate.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('millrace')
  .description('Reactive stream-processing pipelines for low-latency order matching')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(millrace --help shows what there is)')

pipelineCommand('run', 'run a pipeline file to its end, or until Ctrl-C, and report')
  .option('--orders <n>', 'take so many orders from the source', wholeAbove0)
  .option('--duration <seconds>', 'stop after so many seconds', numberAbove0)
  .addOption(
    new Option('--check [n]', "check the engine's invariants after every command, or every n commands")
      .preset('1')
      .argParser(checkEvery),
  )
  .addOption(
    new Option('--backend <name>', 'how to run it: fused, or the slow and plain reference')
      .choices(['fused', 'reference'])
      .default('fused'),
  )
  .option(
    '--drain-timeout <seconds>',
    'how long what was read may take once the run is stopped',
    numberAbove0,
    30,
  )
  .option('--deny-warnings', 'do not run a file with warnings')
  .option('--process <name>', 'run the stages that are placed in a process; the parts meet over NATS')
  .option('--spawn', 'start a process for each part, and again when one is killed')
  .option('--nats <url>', 'where the parts meet', process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222')
  .option('--quiet', 'no progress and no report')
  .option('--watch', 'take the file up anew when it is saved, while the pipeline runs')
  .option('--revisions <dir>', 'where revisions are kept; by default .millrace/revisions beside the file')
  .option(
    '--trial <seconds>',
    'how long a reload is watched, and taken back if budgets are breached',
    numberAbove0,
    10,
  )
  .option('--no-control', 'let no other terminal reach it')
  .addOption(
    new Option(
      '--serve [port]',
      'serve API and dashboard: on this port, or that of the file, or 8787',
    ).argParser(portNumber),
  )
  .option('--host <address>', 'serve on this address; anything but loopback needs --keys')
  .option('--keys <file>', 'API keys, as made by "millrace keys create"')
  .option('--history <file>', 'keep what is measured in this SQLite file')
  .option('--audit <file>', 'append a line for every command of the API to this file')
  .option('--alert <condition>', 'tell when it holds, as in "p99 > 10us for 30s"; repeatable', collect, [])
  .action(async (file: string, options: RunFileOptions) => {
    process.exitCode = await runFile(file, options)
  })

pipelineCommand('validate', 'check a pipeline file and say all that is wrong with it')
  .option('--echo', 'print what the file comes to, secrets hidden, and where each value is from')
  .option('--deny-warnings', 'take warnings for problems')
  .action(async (file: string, options: ValidateOptions) => {
    process.exitCode = await validateFile(file, options)
  })

pipelineCommand('settle', "settle a pipeline file's log once more and write the settlement of each day")
  .option('--out <file>', 'where the settlement goes, in place of what the file says')
  .option('--quiet', 'no progress and no report')
  .action(async (file: string, options: SettleFileOptions) => {
    process.exitCode = await settleFile(file, options)
  })

pipelineCommand('explain', 'show how a pipeline file is run: islands, edges, why it is cut, what it costs')
  .option('--measure', 'run it, with sinks that write nothing, and show what was measured')
  .option('--orders <n>', 'orders to measure with', wholeAbove0, 200_000)
  .action(async (file: string, options: ExplainOptions) => {
    process.exitCode = await explainFile(file, options)
  })

program
  .command('graph')
  .description('draw the stages of a pipeline file and what lies between them')
  .argument('<file>', 'pipeline file, YAML or JSON')
  .option('--input <file>', 'what ${INPUT} in the pipeline file stands for')
  .option('--profile <name>', 'lay a profile over the file')
  .option('--set <path=value>', 'override a value; repeatable', collect, [])
  .addOption(new Option('--format <format>', 'what to draw it as').choices(GRAPH_FORMATS).default('mermaid'))
  .action(async (file: string, options: GraphOptions) => {
    process.exitCode = await graphFile(file, options)
  })

program
  .command('dead-letters')
  .description('list records that stages could not handle')
  .argument('<path>', 'a file of dead letters, or a folder of such files')
  .addOption(new Option('--format <format>', 'how to list them').choices(['text', 'json']).default('text'))
  .action(async (path: string, options: { format: 'text' | 'json' }) => {
    process.exitCode = await deadLettersOf(path, options)
  })

addBench(program)
addKeys(program)
addLoad(program)
addCreate(program)
addBook(program)
addSchema(program)
addTest(program)
addReplay(program)
addEvents(program)
addBackup(program)
addTrain(program)
addRevisions(program)
addTap(program)
addTop(program)
addEvaluate(program)

// What is said there is for someone to read; if nobody does, the run goes on.
process.stderr.on('error', () => {})

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? ExitCode.good : ExitCode.usage
}

function pipelineCommand(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<file>', 'pipeline file, YAML or JSON')
    .option('--input <file>', 'what ${INPUT} in the pipeline file stands for')
    .option('--profile <name>', 'lay a profile over the file: development, benchmark, production or your own')
    .option(
      '--set <path=value>',
      'override a value, such as stages.risk.limits.collarTicks=50; repeatable',
      collect,
      [],
    )
    .addOption(
      new Option('--format <format>', 'how to report and to show errors')
        .choices(['text', 'json'])
        .default('text'),
    )
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function wholeAbove0(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new InvalidArgumentError('expected a whole number above 0')
  return value
}

/** The file that follows a bare `--check` is taken for its value: it is said where the file goes. */
function checkEvery(text: string): number {
  if (/^\d+$/.test(text)) return wholeAbove0(text)
  throw new InvalidArgumentError('expected a whole number above 0; without one, put --check behind the file')
}

function numberAbove0(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 1e9)) throw new InvalidArgumentError('expected a number of seconds above 0')
  return value
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('expected a port: a whole number up to 65535')
  return port
}
