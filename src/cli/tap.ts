import { InvalidArgumentError, Option, type Command } from 'commander'
import { reach, type ControlClient } from './control/client.ts'
import type { TapLine } from './control/tap-session.ts'
import { ExitCode } from './exit-code.ts'
import { print } from './print.ts'

interface TapOptions {
  readonly count?: number
  readonly rate?: number
  readonly pid?: number
  readonly format: 'text' | 'json'
}

/** `millrace tap`. */
export function addTap(program: Command): void {
  program
    .command('tap')
    .description('look at the records of a pipeline that runs')
    .argument('<file>', 'the pipeline file that a process runs')
    .argument(
      '[glob]',
      'of stages, such as match or ri*, or of edges, such as "match->*"; by default all stages',
    )
    .option('--count <n>', 'end after so many records', wholeAbove0)
    .option('--rate <n>', 'show at most so many records a second, and pass over the others', wholeAbove0)
    .option('--pid <pid>', 'of which process, where several run the file; by default the newest', wholeAbove0)
    .addOption(new Option('--format <format>', 'how to show them').choices(['text', 'json']).default('text'))
    .action(async (file: string, glob: string | undefined, options: TapOptions) => {
      process.exitCode = await tap(file, glob, options)
    })
}

/** Reaches a process that runs a file; says so where there is none, or where there are several. */
export async function reached(file: string, pid?: number): Promise<ControlClient | undefined> {
  const client = await reach(file, pid)
  if (client === undefined) {
    const who = pid === undefined ? 'no process of this user' : `no process ${pid}`
    process.stderr.write(`millrace: ${who} runs ${file}, or it was started with --no-control\n`)
  } else if (client.others.length > 0 && pid === undefined)
    process.stderr.write(
      `millrace: several processes run ${file}: this is ${client.pid}, the newest; --pid chooses ${client.others.join(' or ')}\n`,
    )
  return client
}

/** Writes records to standard output as they go by. Returns the exit code. */
async function tap(file: string, glob: string | undefined, options: TapOptions): Promise<number> {
  const client = await reached(file, options.pid)
  if (client === undefined) return ExitCode.unavailable
  const { count, rate, format } = options
  const onInterrupt = (): void => client.close()
  process.once('SIGINT', onInterrupt)
  try {
    client.send({ do: 'tap', glob, count, rate })
    for (;;) {
      const line = (await client.next()) as TapLine | { readonly error: string } | undefined
      if (line === undefined) return ExitCode.good
      if ('error' in line) {
        process.stderr.write(`millrace: ${line.error}\n`)
        return ExitCode.usage
      }
      if ('taps' in line) {
        process.stderr.write(`looking at ${line.taps.join(', ')}\n`)
        continue
      }
      if ('done' in line) {
        if (line.skipped > 0) process.stderr.write(`${line.skipped} records were passed over\n`)
        return ExitCode.good
      }
      const text = format === 'json' ? JSON.stringify(line) : `${line.at}  ${JSON.stringify(line.record)}`
      const code = await print(`${text}\n`)
      if (code !== ExitCode.good || process.stdout.destroyed) return code
    }
  } finally {
    process.off('SIGINT', onInterrupt)
    client.close()
  }
}

export function wholeAbove0(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new InvalidArgumentError('expected a whole number above 0')
  return value
}
