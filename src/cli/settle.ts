import * as E from 'fp-ts/lib/Either.js'
import type { Definition, StageDefinition } from '../pipeline/definition.ts'
import { preparePipeline } from '../pipeline/runtime.ts'
import { ExitCode } from './exit-code.ts'
import { loadOrTell, printProblems, type LoadOptions } from './load.ts'
import { print } from './print.ts'
import { showProgress } from './progress.ts'
import { reportJson, reportText } from './report.ts'

export interface SettleFileOptions extends LoadOptions {
  /** Where the settlement goes, in place of what the file says. */
  readonly out?: string
  readonly quiet?: boolean
}

/**
 * `millrace settle FILE`: runs the log that a pipeline file names through its stages up to `settle` once more, with all
 * other sinks left out, and writes the settlement of each day. The same log and file give the same bytes. Returns the exit
 * code.
 */
export async function settleFile(file: string, options: SettleFileOptions): Promise<number> {
  const definition = await loadOrTell(file, options)
  if (definition === undefined) return ExitCode.configuration
  const settling = withSettlement(definition, options.out)
  if (typeof settling === 'string') {
    process.stderr.write(`millrace: ${file}: ${settling}\n`)
    return ExitCode.configuration
  }
  const prepared = await preparePipeline(settling, { probeEvery: 0 })()
  if (E.isLeft(prepared)) {
    printProblems(prepared.left, options.format)
    return ExitCode.configuration
  }
  const { market, run } = prepared.right
  const endProgress = options.quiet === true ? () => {} : showProgress(() => market.sequence)
  try {
    const report = await run()
    endProgress()
    if (report.failure !== undefined) {
      process.stderr.write(`millrace: ${report.failure.message}\n`)
      return ExitCode.ioError
    }
    if (options.quiet === true && options.format !== 'json') return ExitCode.good
    const text = options.format === 'json' ? reportJson(report) : reportText(report)
    return await print(text, market.stdoutTaken ? process.stderr : process.stdout)
  } catch (error) {
    endProgress()
    process.stderr.write(`millrace: ${error instanceof Error ? error.message : String(error)}\n`)
    return ExitCode.software
  }
}

interface HasFile {
  readonly settlement?: { readonly file: string } | undefined
}

/** The pipeline with its settle stage and what that stands on, or what keeps it from being settled. */
function withSettlement(definition: Definition, out: string | undefined): Definition | string {
  const at = definition.stages.findIndex(({ operator }) => operator.name === 'settle')
  if (at === -1)
    return 'there is no settle stage: add { id: settle, operator: settle, settlement: { file: ... } }'
  const stage = definition.stages[at]!
  const given = stage.options as HasFile
  const file = out ?? given.settlement?.file
  if (file === undefined) return `stage ${stage.id} names no settlement file: say --out FILE`
  const options = { ...given, reports: undefined, settlement: { file } }
  const needed = new Set<string>()
  const need = (id: string): void => {
    needed.add(id)
    for (const { fromStage, to } of definition.connections) if (to === id) need(fromStage)
  }
  need(stage.id)
  const isSink = (each: StageDefinition): boolean => each.operator.name === 'publish'
  const stages = definition.stages.filter((each) => needed.has(each.id) && !isSink(each))
  const kept = new Set(stages.map(({ id }) => id))
  return {
    ...definition,
    stages: stages.map((each) => (each === stage ? { ...each, options } : each)),
    connections: definition.connections.filter(({ fromStage, to }) => kept.has(fromStage) && kept.has(to)),
  }
}
