import * as E from 'fp-ts/lib/Either.js'
import type { DiffLine } from '../scenario/diff.ts'
import { loadDefinition, type Definition, type LoadSettings } from '../pipeline/definition.ts'
import type { Registry } from '../pipeline/operator.ts'
import { formatProblem, pipelineError, type PipelineError, type Problem } from '../pipeline/problem.ts'
import { preparePipeline, type Pipeline, type RunReport } from '../pipeline/runtime.ts'
import { besideOf } from '../pipeline/secrets.ts'
import { didYouMean } from '../pipeline/suggest.ts'
import { disagreements, type EdgeFigures, type Outcome } from './expect.ts'
import type { Given } from './given.ts'
import { isWaiting, standIn, type Observed, type Seen } from './stand-ins.ts'
import { readTestFile, type PipelineTest, type TestFile } from './test-file.ts'
import { VirtualTime } from './virtual-time.ts'

/** Where a test went otherwise than it says. */
export interface TestFailure {
  readonly file: string
  readonly line: number
  /** The name of the test. */
  readonly scenario: string
  /** What was otherwise, such as `expect.events`. */
  readonly step: string
  readonly diff: readonly DiffLine[]
}

export interface TestResult {
  readonly name: string
  readonly file: string
  readonly line: number
  /** That it really took. */
  readonly seconds: number
  readonly failures: readonly TestFailure[]
}

export interface RunTestOptions extends Pick<LoadSettings, 'importModule' | 'variables'> {
  readonly registry: Registry
}

/** A run that has neither ended nor waited for anything for so long really hangs. */
const HANG_MS = 5_000
/** What runs longer than a day of virtual time has no end of its own. */
const MAX_VIRTUAL_MS = 24 * 3_600_000

/**
 * Runs all tests of a file, one after the other, for test runners of any kind: `for (const { name, failures } of ...)`.
 * @throws Error that says all that is wrong with the test file or the pipeline file
 */
export async function testPipelineFile(path: string, options: RunTestOptions): Promise<TestResult[]> {
  const read = await readTestFile(path, options.variables ?? {})()
  if (E.isLeft(read)) throw problemError(read.left)
  const results: TestResult[] = []
  for (const test of read.right.tests) {
    const result = await runTest(read.right, test, options)
    if (E.isLeft(result)) throw problemError(result.left)
    results.push(result.right)
  }
  return results
}

function problemError({ problems }: PipelineError): Error {
  return new Error(problems.map(formatProblem).join('\n'))
}

/** Runs one test. The error is what is wrong with the pipeline file, or with the test for this pipeline. */
export async function runTest(
  file: TestFile,
  test: PipelineTest,
  options: RunTestOptions,
): Promise<E.Either<PipelineError, TestResult>> {
  const loaded = await loadDefinition(pathOf(file), options.registry, {
    variables: { ...options.variables, ...file.variables, ...test.case.variables },
    overrides: [...file.set, ...(test.case.set ?? [])],
    profile: file.profile,
    importModule: options.importModule,
  })()
  if (E.isLeft(loaded)) return loaded
  const problems = misfits(file, test, loaded.right)
  if (problems.length > 0) return E.left(pipelineError(problems))
  const beganMs = performance.now()
  const outcome = await runInVirtualTime(loaded.right, file, test)
  if (E.isLeft(outcome)) return outcome
  const seconds = (performance.now() - beganMs) / 1e3
  const at = (path: readonly string[]) => file.document.position(path, 'key').line
  const failures = disagreements(test.case.expect, outcome.right).map(({ path, diff }): TestFailure => ({
    file: file.file,
    line: at([...test.path, 'expect', ...path]),
    scenario: test.name,
    step: ['expect', ...path].filter((key) => !/^\d+$/.test(key)).join('.'),
    diff,
  }))
  return E.right({ name: test.name, file: file.file, line: at([...test.path, 'name']), seconds, failures })
}

function pathOf({ file, pipeline }: TestFile): string {
  const path = besideOf(file, pipeline)
  const near = besideOf('--', '.')
  return path.startsWith(`${near}/`) ? path.slice(near.length + 1) : path
}

/** What a test says of stages that the pipeline does not have, or that are not what it takes them for. */
function misfits(file: TestFile, test: PipelineTest, { stages }: Definition): Problem[] {
  const problems: Problem[] = []
  const report = (path: readonly string[], message: string): void =>
    void problems.push(file.document.problem([...test.path, ...path], message, 'key'))
  const ids = stages.map(({ id }) => id)
  const sinks = sinksOf(stages)
  const sources = stages.filter(({ operator }) => operator.consumes === undefined).map(({ id }) => id)
  const waits = new Set(stages.filter(isWaiting).map(({ id }) => id))
  for (const [id, mock] of Object.entries(test.case.mocks ?? {})) {
    const path = ['mocks', id]
    if (!ids.includes(id)) report(path, `no stage has the id ${JSON.stringify(id)}${didYouMean(id, ids)}`)
    else if (mock.records !== undefined && !sources.includes(id))
      report([...path, 'records'], `${id} is no source: only a source gives records`)
    else if (mock.real !== undefined && !sinks.has(id) && !waits.has(id))
      report([...path, 'real'], `${id} is real anyway: only sinks and stages that wait are stood in for`)
    else if (mock.delay !== undefined && !sinks.has(id) && !waits.has(id))
      report([...path, 'delay'], `${id} neither waits nor writes: only what does can be delayed`)
    else if (mock.fails !== undefined && sources.includes(id))
      report([...path, 'fails'], `${id} is a source: give it a file that is not there`)
  }
  for (const id of Object.keys(test.case.expect.outputs ?? {}))
    if (!sinks.has(id))
      report(['expect', 'outputs', id], `no sink has the id ${JSON.stringify(id)}${didYouMean(id, sinks)}`)
  if (test.given !== undefined && sources.length > 1)
    report(['given'], `the pipeline has several sources, ${sources.join(', ')}: say mocks.ID.records`)
  return problems
}

/** Stages that take events and give them to nobody, in the order of the file. */
function sinksOf(stages: Definition['stages']): ReadonlySet<string> {
  const taken = new Set(stages.flatMap(({ inputs }) => inputs.map((input) => input.split('.', 1)[0]!)))
  return new Set(
    stages.filter(({ id, operator }) => operator.consumes === 'event' && !taken.has(id)).map(({ id }) => id),
  )
}

async function runInVirtualTime(
  definition: Definition,
  file: TestFile,
  test: PipelineTest,
): Promise<E.Either<PipelineError, Outcome>> {
  const time = new VirtualTime(file.startMs)
  const outputs = new Map<string, Seen[]>()
  const observed: Observed = { outputs, enteredMs: [], nowMs: () => time.elapsedMs }
  const sinks = sinksOf(definition.stages)
  for (const id of sinks) outputs.set(id, [])
  const stages = definition.stages.map((stage) =>
    standIn(stage, { given: givenBy(definition, test), mocks: test.case.mocks ?? {}, sinks, observed }),
  )
  time.install()
  try {
    const prepared = await preparePipeline(inOneThread({ ...definition, stages }))()
    if (E.isLeft(prepared)) return prepared
    const ended = await drive(prepared.right, time)
    return E.right(outcomeOf(ended, prepared.right, observed, time))
  } finally {
    time.uninstall()
  }
}

function givenBy({ stages }: Definition, { given, records }: PipelineTest): ReadonlyMap<string, Given> {
  const source = stages.find(({ operator }) => operator.consumes === undefined)
  if (given === undefined || source === undefined) return records
  return new Map([[source.id, given], ...records])
}

type Ended = { readonly report: RunReport } | { readonly failure: string }

/** Lets time go on whenever the pipeline waits for it, until the run is over. */
async function drive(pipeline: Pipeline, time: VirtualTime): Promise<Ended> {
  let ended: Ended | undefined
  const run = pipeline.run().then(
    (report) => {
      ended = { report }
    },
    (error: unknown) => {
      ended = { failure: error instanceof Error ? error.message : String(error) }
    },
  )
  let movedMs = time.realNowMs()
  for (;;) {
    await time.quiet()
    if (ended !== undefined) break
    if (time.elapsedMs > MAX_VIRTUAL_MS) {
      await pipeline.abort()
      return { failure: 'it still runs after a day of virtual time' }
    }
    if (time.advance()) movedMs = time.realNowMs()
    else if (time.realNowMs() - movedMs > HANG_MS) {
      await pipeline.abort()
      return { failure: 'it neither ends nor waits for time to pass: does its source end?' }
    }
  }
  await run
  return ended
}

function outcomeOf(
  ended: Ended,
  pipeline: Pipeline,
  { outputs, enteredMs }: Observed,
  time: VirtualTime,
): Outcome {
  const stats = pipeline.stats()
  const edges = stats.edges.map(({ id, highWater, depth, offered, drops }): [string, EdgeFigures] => {
    const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0)
    return [id, { highWater, depth, offered, dropped }]
  })
  return {
    outputs,
    enteredMs,
    commands: stats.commands,
    tookMs: time.elapsedMs,
    deadLetters: stats.deadLettered,
    edges: new Map(edges),
    failure: 'failure' in ended ? ended.failure : ended.report.failure?.message,
  }
}

/**
 * The same pipeline without threads or processes of its own, whose time is not ours to drive, and without a journal and
 * a folder for dead letters, which would outlast the test.
 */
function inOneThread(definition: Definition): Definition {
  const stages = definition.stages.map((stage) => ({
    ...stage,
    settings: { ...stage.settings, placement: undefined },
    options: { ...(stage.options as object), journal: undefined },
  }))
  return { ...definition, stages, deadLettersDir: undefined }
}
