import { type Command, InvalidArgumentError, Option } from 'commander'
import { benchBook, type BenchBookOptions } from './bench-book.ts'
import { benchPipeline, type BenchPipelineOptions } from './bench-pipeline.ts'
import { FLOW_KINDS } from './flow.ts'

const GENERATED = ['kind', 'seed', 'events', 'live', 'instruments', 'save']

/** `millrace bench book` and `millrace bench pipeline`. */
export function addBench(program: Command): void {
  const bench = program.command('bench').description('measure how fast it is on this machine')
  bench
    .command('book')
    .description('the order book alone, over a workload file or a generated flow')
    .addOption(
      new Option('--workload <file>', 'play a workload file instead of a generated flow').conflicts(
        GENERATED,
      ),
    )
    .addOption(new Option('--kind <kind>', 'kind of flow to generate (default: steady)').choices(FLOW_KINDS))
    .option('--seed <n>', 'seed of the flow (default: 42)', wholeFrom(0, Number.MAX_SAFE_INTEGER))
    .option('--events <n>', 'commands to measure (default: 1000000)', wholeFrom(1, 10_000_000))
    .option(
      '--live <n>',
      'orders that rest, about (default: 10000, or 100000 in one level)',
      wholeFrom(1, 10_000_000),
    )
    .option(
      '--instruments <n>',
      'instruments that the flow is spread over (default: 1)',
      wholeFrom(1, 65_536),
    )
    .option('--save <file>', 'write what was generated as a workload file too')
    .option('--passes <n>', 'timed passes, of which the middle one counts', wholeFrom(1, 1_000), 5)
    .option('--latency', 'time each command too, in a pass of its own')
    .option('--json', 'print JSON')
    .action(async (options: BenchBookOptions) => {
      process.exitCode = await benchBook(options)
    })
  bench
    .command('pipeline')
    .description('validate, risk, match and publish over recorded flow')
    .option('--orders <n>', 'orders to take', wholeFrom(1, 10_000_000), 1_000_000)
    .option('--rounds <n>', 'rounds with and without stage timing', wholeFrom(1, 1_000), 31)
    .option('--json', 'print JSON')
    .action(async (options: BenchPipelineOptions) => {
      process.exitCode = await benchPipeline(options)
    })
}

function wholeFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text)
    if (!Number.isSafeInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`)
    return value
  }
}
