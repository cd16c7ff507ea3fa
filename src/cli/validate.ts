import { planOf } from '../pipeline/plan/plan.ts'
import { pipelineError } from '../pipeline/problem.ts'
import { placementProblems } from '../pipeline/threads/placements.ts'
import { ExitCode } from './exit-code.ts'
import { echoJson, echoYaml } from '../pipeline/echo.ts'
import { loadOrTell, mayGoOn, printProblems, printWarnings, type LoadOptions } from './load.ts'
import { print } from './print.ts'

export interface ValidateOptions extends LoadOptions {
  /** Whether what is in effect is printed. */
  readonly echo?: boolean
  readonly denyWarnings?: boolean
}

/**
 * `millrace validate FILE`: says what is wrong with a pipeline file, or that nothing is, and with `--echo` what it comes
 * to. Returns the exit code.
 */
export async function validateFile(file: string, options: ValidateOptions): Promise<number> {
  const definition = await loadOrTell(file, options)
  if (definition === undefined) return ExitCode.configuration
  if (!mayGoOn(definition, options)) return ExitCode.configuration
  const misplaced = placementProblems(planOf(definition))
  if (misplaced.length > 0) {
    printProblems(pipelineError(misplaced), options.format)
    return ExitCode.configuration
  }
  const { name, stages, warnings } = definition
  printWarnings(warnings, options.format)
  if (options.format === 'json') {
    const echo = options.echo === true ? echoJson(definition) : {}
    return print(`${JSON.stringify({ name, stages: stages.map(({ id }) => id), ...echo })}\n`)
  }
  if (options.echo === true) return print(echoYaml(definition))
  return print(`${file}: good (${name}: ${stages.map(({ id }) => id).join(' -> ')})\n`)
}
