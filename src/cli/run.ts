import * as E from 'fp-ts/lib/Either.js'
import { JournalError } from '../journal/problem.ts'
import type { Definition } from '../pipeline/definition.ts'
import type { Backend, RunOptions, RunReport } from '../pipeline/runtime.ts'
import { prepareOnThreads } from '../pipeline/threads/threaded-pipeline.ts'
import { ExitCode } from './exit-code.ts'
import { startWithHeap } from './heap.ts'
import { mayGoOn, printProblems, printWarnings, type LoadOptions } from './load.ts'
import { print } from './print.ts'
import { showProgress } from './progress.ts'
import { loadRun, type PartOptions } from './run-definition.ts'
import { supervise, type Runs, type SuperviseOptions } from './supervise.ts'
import { processNames, spawnParts } from './split.ts'
import { definitionSource } from './thread-definition.ts'
import { reportJson, reportText } from './report.ts'
import type { RunningServer } from '../server/server.ts'
import { serve, type ServeOptions } from './serve.ts'

export interface RunFileOptions extends LoadOptions, PartOptions, SuperviseOptions, ServeOptions {
  readonly orders?: number
  readonly duration?: number
  readonly quiet?: boolean
  /** After how many commands the engine's invariants are checked. */
  readonly check?: number
  readonly backend?: Backend
  /** In seconds. */
  readonly drainTimeout?: number
  readonly denyWarnings?: boolean
  /** Whether to start a process for each part. */
  readonly spawn?: boolean
}

/** A second interrupt waits so long for what is half-way out. */
const ABORT_MS = 500

/**
 * `millrace run FILE`: runs a pipeline to its end, or until an interrupt, and reports. The report goes to standard
 * output, or to standard error where a stage writes its events to standard output. Returns the exit code.
 */
export async function runFile(file: string, options: RunFileOptions): Promise<number> {
  const definition = await loadRun(file, options)
  if (options.spawn === true && E.isRight(definition)) {
    const args = process.argv.slice(2).filter((arg) => arg !== '--spawn')
    return spawnParts(processNames(definition.right), args)
  }
  if (E.isLeft(definition)) {
    printProblems(definition.left, options.format)
    return ExitCode.configuration
  }
  if (!mayGoOn(definition.right, options)) return ExitCode.configuration
  const ended = await startWithHeap(definition.right.runtime.heap ?? {})
  if (ended !== undefined) return ended
  printWarnings(definition.right.warnings, options.format)
  const stop = new AbortController()
  // A run that is to last a time has no count of orders to end at, unless one is asked for too.
  const records = options.orders ?? (options.duration === undefined ? undefined : Infinity)
  const run: RunOptions = {
    records,
    allowance: { left: records ?? Infinity },
    stop: stop.signal,
    checkEvery: options.check,
    backend: options.backend,
    drainTimeoutMs: options.drainTimeout === undefined ? undefined : options.drainTimeout * 1e3,
    onWarning: (message) => process.stderr.write(`millrace: ${message}\n`),
  }
  const prepared = await prepareOnThreads(definition.right, definitionSource(file, options), run)()
  if (E.isLeft(prepared)) {
    printProblems(prepared.left, options.format)
    return prepared.left.isUnavailable === true ? ExitCode.unavailable : ExitCode.configuration
  }
  const supervised = await supervise(definition.right, prepared.right, file, options, run)
  let server: RunningServer | undefined
  try {
    server = await serve(supervised.live, definition.right, options)
  } catch (error) {
    process.stderr.write(`millrace: ${(error as Error).message}\n`)
    supervised.end()
    await prepared.right.abort()
    return ExitCode.configuration
  }
  const release = stopOnSignals(stop, supervised)
  const timer =
    options.duration === undefined ? undefined : setTimeout(() => stop.abort(), options.duration * 1e3)
  try {
    return await runToReport(supervised, definition.right, options)
  } finally {
    clearTimeout(timer)
    release()
    supervised.end()
    await server?.close()
  }
}

/** Runs a pipeline that is set up, and reports. Returns the exit code. */
export async function runToReport(
  pipeline: Runs,
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
    if (report.undrained.length > 0) return await leaveUndrained(report, pipeline)
    if (report.failure === undefined || report.failure.isQuiet) return code
    process.stderr.write(`millrace: ${redact(report.failure.message)}\n`)
    return ExitCode.ioError
  } catch (error) {
    endProgress()
    process.stderr.write(`millrace: ${redact(error instanceof Error ? error.message : String(error))}\n`)
    return error instanceof JournalError ? ExitCode.ioError : ExitCode.software
  }
}

/** Says what was not handled in time, and ends the process: what holds it up would hold it for ever. */
async function leaveUndrained({ undrained }: RunReport, pipeline: Runs): Promise<number> {
  const told = undrained.map(({ where, records }) => `${records} records in ${where}`).join(', ')
  process.stderr.write(`millrace: the time to drain was over before all was handled: ${told}\n`)
  await abortOf(pipeline)
  process.exit(ExitCode.ioError)
}

/** The first interrupt ends the run gracefully, the second at once. Returns a function that takes that back. */
function stopOnSignals(stop: AbortController, pipeline: Runs): () => void {
  let isSecond = false
  const onSignal = (): void => {
    if (isSecond) process.exit(ExitCode.interrupted)
    if (stop.signal.aborted) {
      isSecond = true
      void abortOf(pipeline).then(() => process.exit(ExitCode.interrupted))
      return
    }
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

/** Resolves when nothing is half-written, or when that takes too long. */
function abortOf(pipeline: Runs): Promise<void> {
  const late = new Promise<void>((resolve) => {
    setTimeout(resolve, ABORT_MS)
  })
  return Promise.race([pipeline.abort().catch(() => {}), late])
}
