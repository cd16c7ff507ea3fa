import * as E from 'fp-ts/lib/Either.js'
import { readDeadLetters } from '../pipeline/fault/dead-letters.ts'
import { DeadLetterSource, Nothing } from '../pipeline/fault/dead-letter-source.ts'
import { messageOf } from '../pipeline/fault/stage-faults.ts'
import { Market } from '../pipeline/market.ts'
import { preparePipeline } from '../pipeline/runtime.ts'
import { ExitCode } from './exit-code.ts'
import { loadOrTell, printProblems, type LoadOptions } from './load.ts'
import { print } from './print.ts'
import { reportJson, reportText } from './report.ts'

export interface ReplayOptions extends LoadOptions {
  readonly deadLetters: string
  readonly into: string
}

/**
 * `millrace replay --dead-letters PATH --into FILE`: sends the commands among dead letters through a pipeline, in place
 * of what its sources would read. Returns the exit code.
 */
export async function replayDeadLetters(options: ReplayOptions): Promise<number> {
  const definition = await loadOrTell(options.into, options)
  if (definition === undefined) return ExitCode.configuration
  const { instruments, defaultInstrument } = definition
  const market = new Market(instruments, { defaultInstrument })
  let source: DeadLetterSource
  try {
    source = new DeadLetterSource(market, readDeadLetters(options.deadLetters))
  } catch (error) {
    process.stderr.write(`millrace: ${messageOf(error)}\n`)
    return ExitCode.noInput
  }
  let isGiven = false
  const prepared = await preparePipeline(definition, {
    market,
    adopt: ({ operator }) => {
      if (operator.consumes !== undefined || operator.role !== undefined) return undefined
      if (isGiven) return new Nothing()
      isGiven = true
      return source
    },
  })()
  if (E.isLeft(prepared)) {
    printProblems(prepared.left, options.format)
    return ExitCode.configuration
  }
  try {
    const report = await prepared.right.run()
    const text = options.format === 'json' ? reportJson(report) : reportText(report)
    return await print(text, market.stdoutTaken ? process.stderr : process.stdout)
  } catch (error) {
    process.stderr.write(`millrace: ${messageOf(error)}\n`)
    return ExitCode.software
  }
}
