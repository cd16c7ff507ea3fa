import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { loadDefinition, type Definition } from '../pipeline/definition.ts'
import { formatProblem, pipelineError, type PipelineError, type Problem } from '../pipeline/problem.ts'
import { registry } from '../operators/registry.ts'
import { importPlugin } from './import-plugin.ts'

/** Options that every command that reads a pipeline file has. */
export interface LoadOptions {
  readonly input?: string
  readonly profile?: string
  readonly set: readonly string[]
  readonly format: 'text' | 'json'
}

/** Reads a pipeline file with the environment and `--input`, which it must have a use for, as its variables. */
export function load(
  file: string,
  { input, set, profile }: Pick<LoadOptions, 'input' | 'set' | 'profile'>,
): ReturnType<typeof loadDefinition> {
  const variables = input === undefined ? process.env : { ...process.env, INPUT: input }
  const given: Record<string, string> = input === undefined ? {} : { INPUT: '--input' }
  return pipe(
    loadDefinition(file, registry, { variables, given, overrides: set, profile, importModule: importPlugin }),
    TE.filterOrElse(
      (definition) => input === undefined || definition.variables.has('INPUT'),
      () => {
        const message = `${file} does not mention \${INPUT}: this option has no effect`
        return pipelineError([{ file: '--input', line: 1, column: 1, path: '', message }])
      },
    ),
  )
}

/** The same; what is wrong with the file is told, and then there is no definition. */
export async function loadOrTell(
  file: string,
  options: Pick<LoadOptions, 'input' | 'set' | 'profile' | 'format'>,
): Promise<Definition | undefined> {
  const definition = await load(file, options)()
  if (E.isRight(definition)) return definition.right
  printProblems(definition.left, options.format)
  return undefined
}

/** Writes all problems to standard error: a line each, or one JSON document. */
export function printProblems({ problems }: PipelineError, format: 'text' | 'json'): void {
  if (format === 'json') process.stderr.write(`${JSON.stringify({ problems })}\n`)
  else process.stderr.write(problems.map((problem) => `${formatProblem(problem)}\n`).join(''))
}

/** Writes what is doubtful to standard error, as problems are. */
export function printWarnings(warnings: readonly Problem[], format: 'text' | 'json'): void {
  if (warnings.length === 0) return
  if (format === 'json') process.stderr.write(`${JSON.stringify({ warnings })}\n`)
  else
    process.stderr.write(
      warnings.map((warning) => `${formatProblem({ ...warning, severity: 'warning' })}\n`).join(''),
    )
}

/** Whether a file may be used though something in it is doubtful. Where it may not, that is told. */
export function mayGoOn(
  { warnings }: Definition,
  { denyWarnings, format }: { readonly denyWarnings?: boolean; readonly format: 'text' | 'json' },
): boolean {
  if (denyWarnings !== true || warnings.length === 0) return true
  printWarnings(warnings, format)
  return false
}
