import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Option, type Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { systemProblem } from '../operators/input/system-error.ts'
import { registry } from '../operators/registry.ts'
import { pipelineError, type Problem } from '../pipeline/problem.ts'
import { scenarioEngine } from '../scenario/engine.ts'
import { parseScenarios } from '../scenario/parse.ts'
import { formatFailure, runScenario } from '../scenario/run.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { runTest } from '../testing/run-test.ts'
import { readTestFile, type PipelineTest, type TestFile } from '../testing/test-file.ts'
import { ExitCode } from './exit-code.ts'
import { importPlugin } from './import-plugin.ts'
import { junitXml, type ReportedTest } from './junit.ts'
import { printProblems } from './load.ts'
import { print } from './print.ts'

const SCENARIO = /\.scenario$/
const PIPELINE_TEST = /\.test\.(?:ya?ml|json)$/
/** What is run if nothing is named, as far as it is there. */
const DEFAULT_PATHS = ['scenarios', 'pipelines']

interface TestOptions {
  readonly format: 'text' | 'json'
  readonly filter?: string
  readonly junit?: string
}

/** A test that can be run: a scenario of the engine, or one of a pipeline from source to sink. */
type Runnable =
  | { readonly kind: 'scenario'; readonly name: string; readonly scenario: Scenario }
  | { readonly kind: 'pipeline'; readonly name: string; readonly file: TestFile; readonly test: PipelineTest }

/** `millrace test`. */
export function addTest(program: Command): void {
  program
    .command('test')
    .description(
      'run tests of pipelines and scenarios of the engine, and say what goes otherwise than they say',
    )
    .argument(
      '[paths...]',
      `files, and folders of *.test.yaml and *.scenario files (default: ${DEFAULT_PATHS.join(', ')})`,
    )
    .option('--filter <text>', 'only tests whose name has this in it')
    .option('--junit <file>', 'write a report as JUnit XML as well')
    .addOption(
      new Option('--format <format>', 'how to report and to show errors')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (paths: readonly string[], options: TestOptions) => {
      const existing = DEFAULT_PATHS.filter((path) => existsSync(path))
      const named = paths.length > 0 ? paths : existing.length > 0 ? existing : DEFAULT_PATHS
      process.exitCode = await testPaths(named, options)
    })
}

/**
 * Runs the tests of files, and of folders with all that is in them. What went otherwise goes to standard output, what
 * could not be read to standard error. Returns the exit code.
 */
async function testPaths(paths: readonly string[], options: TestOptions): Promise<number> {
  const { format, filter, junit } = options
  const { runnable, problems } = await readTests(paths)
  const chosen = runnable.filter(({ name }) => filter === undefined || name.includes(filter))
  if (problems.length === 0 && chosen.length === 0)
    problems.push(problemOf(`--filter`, `no test has ${JSON.stringify(filter)} in its name`))
  const results: ReportedTest[] = []
  // A file that cannot be understood is told before anything is run.
  for (const each of problems.length > 0 ? [] : chosen) {
    const result = await run(each)
    if (E.isRight(result)) results.push(result.right)
    else problems.push(...result.left)
  }
  if (problems.length > 0) {
    printProblems(pipelineError(problems), format)
    return ExitCode.configuration
  }
  if (junit !== undefined && !writeReport(junit, results)) return ExitCode.ioError
  const failures = results.flatMap((result) => result.failures)
  const failed = results.filter((result) => result.failures.length > 0).length
  const passed = results.length - failed
  const text =
    format === 'json'
      ? `${JSON.stringify({ passed, failed, failures })}\n`
      : `${failures.map(formatFailure).join('')}${passed} passed, ${failed} failed\n`
  const code = await print(text)
  return failed > 0 && code === ExitCode.good ? ExitCode.badData : code
}

async function run(each: Runnable): Promise<E.Either<readonly Problem[], ReportedTest>> {
  if (each.kind === 'pipeline') {
    const options = { registry, importModule: importPlugin, variables: process.env }
    const result = await runTest(each.file, each.test, options)
    return E.isLeft(result) ? E.left(result.left.problems) : result
  }
  const { file, name, steps } = each.scenario
  const began = performance.now()
  const failure = runScenario(each.scenario, scenarioEngine)
  const seconds = (performance.now() - began) / 1e3
  const line = steps[0]?.line ?? 1
  return E.right({ file, line, name, seconds, failures: failure === undefined ? [] : [failure] })
}

function writeReport(file: string, results: readonly ReportedTest[]): boolean {
  try {
    writeFileSync(file, junitXml(results))
    return true
  } catch (error) {
    process.stderr.write(`millrace: ${file}: ${systemProblem(error)}\n`)
    return false
  }
}

async function readTests(
  paths: readonly string[],
): Promise<{ readonly runnable: Runnable[]; readonly problems: Problem[] }> {
  const runnable: Runnable[] = []
  const problems: Problem[] = []
  for (const path of paths) {
    const before = runnable.length + problems.length
    try {
      for (const file of filesOf(path))
        if (PIPELINE_TEST.test(file)) await readPipelineTests(file, runnable, problems)
        else readScenarios(file, runnable, problems)
    } catch (error) {
      problems.push(problemOf(path, systemProblem(error)))
    }
    // A test that runs nothing would pass whatever the engine does.
    if (runnable.length + problems.length === before)
      problems.push(problemOf(path, 'there are no scenarios or tests here'))
  }
  return { runnable, problems }
}

async function readPipelineTests(path: string, runnable: Runnable[], problems: Problem[]): Promise<void> {
  const read = await readTestFile(path, process.env)()
  if (E.isLeft(read)) problems.push(...read.left.problems)
  else
    for (const test of read.right.tests)
      runnable.push({ kind: 'pipeline', name: test.name, file: read.right, test })
}

function readScenarios(path: string, runnable: Runnable[], problems: Problem[]): void {
  const parsed = parseScenarios(path, readFileSync(path, 'utf8'))
  for (const scenario of parsed.scenarios) runnable.push({ kind: 'scenario', name: scenario.name, scenario })
  problems.push(...parsed.problems.map((problem) => ({ ...problem, path: '' })))
}

function problemOf(file: string, message: string): Problem {
  return { file, line: 1, column: 1, path: '', message }
}

/** A file itself; of a folder the files of tests in it and below, by name. */
function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => SCENARIO.test(name) || PIPELINE_TEST.test(name))
    .sort()
    .map((name) => join(path, name))
}
