import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Option, type Command } from 'commander'
import { systemProblem } from '../operators/input/system-error.ts'
import { pipelineError } from '../pipeline/problem.ts'
import { scenarioEngine } from '../scenario/engine.ts'
import type { ScenarioProblem } from '../scenario/line.ts'
import { parseScenarios } from '../scenario/parse.ts'
import { formatFailure, runScenario, type Failure } from '../scenario/run.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { ExitCode } from './exit-code.ts'
import { printProblems } from './load.ts'
import { print } from './print.ts'

const EXTENSION = '.scenario'

interface TestOptions {
  readonly format: 'text' | 'json'
}

/** `millrace test`. */
export function addTest(program: Command): void {
  program
    .command('test')
    .description('run scenario files and say what goes otherwise than they say')
    .argument('[paths...]', 'scenario files, and folders of *.scenario files', ['scenarios'])
    .addOption(
      new Option('--format <format>', 'how to report and to show errors')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (paths: readonly string[], options: TestOptions) => {
      process.exitCode = await testScenarios(paths, options)
    })
}

/**
 * Runs the scenarios of files, and of folders with all that is in them. What went
 * otherwise goes to standard output, what could not be read to standard error. Returns the exit code.
 */
async function testScenarios(paths: readonly string[], { format }: TestOptions): Promise<number> {
  const { scenarios, problems } = readScenarios(paths)
  if (problems.length > 0) {
    printProblems(pipelineError(problems.map((problem) => ({ ...problem, path: '' }))), format)
    return ExitCode.configuration
  }
  const failures: Failure[] = []
  for (const scenario of scenarios) {
    const failure = runScenario(scenario, scenarioEngine)
    if (failure !== undefined) failures.push(failure)
  }
  const failed = failures.length
  const passed = scenarios.length - failed
  const text =
    format === 'json'
      ? `${JSON.stringify({ passed, failed, failures })}\n`
      : `${failures.map(formatFailure).join('')}${passed} passed, ${failed} failed\n`
  const code = await print(text)
  return failed > 0 && code === ExitCode.good ? ExitCode.badData : code
}

function readScenarios(paths: readonly string[]): { scenarios: Scenario[]; problems: ScenarioProblem[] } {
  const scenarios: Scenario[] = []
  const problems: ScenarioProblem[] = []
  const whole = (file: string, message: string): void => {
    problems.push({ file, line: 1, column: 1, message })
  }
  for (const path of paths) {
    const before = scenarios.length + problems.length
    try {
      for (const file of filesOf(path)) {
        const parsed = parseScenarios(file, readFileSync(file, 'utf8'))
        scenarios.push(...parsed.scenarios)
        problems.push(...parsed.problems)
      }
    } catch (error) {
      whole(path, systemProblem(error))
    }
    // A test that runs nothing would pass whatever the engine does.
    if (scenarios.length + problems.length === before) whole(path, 'there are no scenarios here')
  }
  return { scenarios, problems }
}

/** A file itself; of a folder the scenario files in it and below, by name. */
function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(EXTENSION))
    .sort()
    .map((name) => join(path, name))
}
