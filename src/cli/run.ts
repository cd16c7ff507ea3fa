import * as E from 'fp-ts/lib/Either.js'
import type { Definition } from '../pipeline/definition.ts'
import { JournalError } from '../journal/problem.ts'
import { preparePipeline, type Pipeline } from '../pipeline/runtime.ts'
import { ExitCode } from './exit-code.ts'
import { startWithHeap } from './heap.ts'
import { load, printProblems, printWarnings, type LoadOptions } from './load.ts'
import { print } from './print.ts'
import { showProgress } from './progress.ts'
import { reportJson, reportText } from './report.ts'

export interface RunFileOptions extends LoadOptions {
  readonly orders?: number
  readonly duration?: number
  readonly quiet?: boolean
  /** After how many commands the engine's invariants are checked. */
  readonly check?: number
}

/**
 * `millrace run FILE`: runs a pipeline to its end, or until an interrupt, and reports. The report goes to standard
 * output, or to standard error where a stage writes its events to standard output. Returns the exit code.
 */
export async function runFile(file: string, options: RunFileOptions): Promise<number> {
  const definition = await load(file, options)()
  if (E.isLeft(definition)) {
    printProblems(definition.left, options.format)
    return ExitCode.configuration
  }
  const ended = await startWithHeap(definition.right.runtime.heap ?? {})
  if (ended !== undefined) return ended
  printWarnings(definition.right, options.format)
  const stop = new AbortController()
  // A run that is to last a time has no count of orders to end at, unless one is asked for too.
  const records = options.orders ?? (options.duration === undefined ? undefined : Infinity)
  const prepared = await preparePipeline(definition.right, {
    records,
    stop: stop.signal,
    checkEvery: options.check,
  })()
  if (E.isLeft(prepared)) {
    printProblems(prepared.left, options.format)
    return prepared.left.isUnavailable === true ? ExitCode.unavailable : ExitCode.configuration
  }
  const release = stopOnSignals(stop)
  const timer =
    options.duration === undefined ? undefined : setTimeout(() => stop.abort(), options.duration * 1e3)
  try {
    return await runToReport(prepared.right, definition.right, options)
  } finally {
    clearTimeout(timer)
    release()
  }
}

/** Runs a pipeline that is set up, and reports. Returns the exit code. */
export async function runToReport(
  pipeline: Pipeline,
  { redact }: Definition,
  options: RunFileOptions,
): Promise<number> {
  const { market } = pipeline
  const endProgress = options.quiet === true ? () => {} : showProgress(() => market.sequence)
  try {
    const report = await pipeline.run()
    endProgress()
    const text = options.format === 'json' ? reportJson(report) : reportText(report)
    const isShown = options.quiet !== true || options.format === 'json'
    const code = isShown
      ? await print(text, market.stdoutTaken ? process.stderr : process.stdout)
      : ExitCode.good
    if (report.failure === undefined || report.failure.isQuiet) return code
    process.stderr.write(`millrace: ${redact(report.failure.message)}\n`)
    return ExitCode.ioError
  } catch (error) {
    endProgress()
    process.stderr.write(`millrace: ${redact(error instanceof Error ? error.message : String(error))}\n`)
    return error instanceof JournalError ? ExitCode.ioError : ExitCode.software
  }
}

/** The first interrupt ends the run gracefully, the second at once. Returns a function that takes that back. */
function stopOnSignals(stop: AbortController): () => void {
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(ExitCode.interrupted)
    process.stderr.write(
      '\nstopping: what has been read is handled, then the report follows (again to stop at once)\n',
    )
    stop.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return () => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}
