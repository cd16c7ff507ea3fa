/** One thing that is wrong with a pipeline file, for a person to find and mend. */
export interface Problem {
  /** The file as it was named, or `--set` for a value given on the command line. */
  readonly file: string
  /** Both from 1; columns count UTF-16 units. */
  readonly line: number
  readonly column: number
  /** Keys from the top, such as `stages.risk.limits.maxOrderLots`: a stage goes by its id. Empty for the whole file. */
  readonly path: string
  readonly message: string
  /** Of what need not be mended before the pipeline runs. */
  readonly severity?: 'warning' | undefined
}

/** A pipeline that cannot be run as it is written, with everything that is wrong with it. */
export interface PipelineError {
  readonly _tag: 'PipelineError'
  /** At least one, in the order of the file. */
  readonly problems: readonly Problem[]
  /** Whether all that is wrong is that servers do not answer. */
  readonly isUnavailable?: boolean
}

/** An error of some problems, sorted by position and each told once. */
export function pipelineError(problems: Iterable<Problem>): PipelineError {
  const told = new Map<string, Problem>()
  for (const problem of problems) told.set(JSON.stringify(problem), problem)
  return { _tag: 'PipelineError', problems: [...told.values()].sort(byPosition) }
}

export function byPosition(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column
}

/** `pipelines/exchange.yaml:12:7 risk.maxOrderLots: expected a whole number above 0, got "ten"` */
export function formatProblem({ file, line, column, path, message, severity }: Problem): string {
  const inStage = /^stages\.(?=[a-z])/i
  const shown = path.replace(inStage, '')
  const words = severity === undefined ? message : `${severity}: ${message}`
  return `${file}:${line}:${column} ${shown === '' ? '' : `${shown}: `}${words}`
}
