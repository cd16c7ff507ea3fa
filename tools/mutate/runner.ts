import { globSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { INSTRUMENTER_CONSTANTS, type MutantCoverage } from '@stryker-mutator/api/core'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import {
  determineHitLimitReached,
  DryRunStatus,
  MutantRunStatus,
  TestStatus,
  type DryRunResult,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
} from '@stryker-mutator/api/test-runner'
import * as fc from 'fast-check'
import { assertions, beginFile, tests, type RegisteredTest } from './test-registry.ts'

/** The quick ones first: most mutants do not outlive the scenarios. */
const TEST_FILES = [
  'test/scenario/scenarios.test.ts',
  'test/book/*.test.ts',
  'test/book/state/*.test.ts',
  'test/book/matching/*.test.ts',
  'test/book/recovery/*.test.ts',
]
/** These take a second each. */
const LAST = /rebuild|book-full/
/** Tests of time and memory, which say nothing of what the code does and take long. */
const LEFT_OUT = /allocation|long-stream/
/** As much of the random tests as a mutant gets. */
const AMOUNTS = { MILLRACE_FUZZ_RUNS: 40, MILLRACE_FLOW_COMMANDS: 40_000, MILLRACE_REBUILD_FLOWS: 20 }

/** What the mutated code and its runner say to each other. */
interface MutantContext {
  activeMutant: string | undefined
  currentTestId: string | undefined
  hitCount: number | undefined
  hitLimit: number | undefined
  readonly mutantCoverage?: MutantCoverage
}

const context = ((globalThis as Record<string, unknown>)[INSTRUMENTER_CONSTANTS.NAMESPACE] ??=
  {}) as MutantContext

/**
 * Runs the tests of src/book within Stryker's own worker: loaded once, and for each mutant only those that reach it, until
 * the first that fails. A process for each mutant, as with a command, would take a day instead of minutes.
 */
class InProcessRunner implements TestRunner {
  private isLoaded = false

  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: false }
  }

  async dryRun(): Promise<DryRunResult> {
    await this.load()
    const results: TestResult[] = []
    for (const registered of tests) {
      const { id } = registered
      context.currentTestId = id
      const began = performance.now()
      const failureMessage = await failureOf(registered)
      const result = { id, name: id, fileName: registered.file, timeSpentMs: performance.now() - began }
      results.push(
        failureMessage === undefined
          ? { ...result, status: TestStatus.Success }
          : { ...result, status: TestStatus.Failed, failureMessage },
      )
    }
    context.currentTestId = undefined
    const mutantCoverage = context.mutantCoverage ?? { static: {}, perTest: {} }
    return { status: DryRunStatus.Complete, tests: results, mutantCoverage }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    context.hitCount = options.hitLimit === undefined ? undefined : 0
    context.hitLimit = options.hitLimit
    if (options.mutantActivation === 'static') context.activeMutant = options.activeMutant.id
    try {
      await this.load()
      context.activeMutant = options.activeMutant.id
      return await this.tryMutant(options)
    } catch (error) {
      return killed('loading', String(error), 0)
    } finally {
      context.activeMutant = undefined
    }
  }

  private async tryMutant({ testFilter }: MutantRunOptions): Promise<MutantRunResult> {
    const filter = testFilter === undefined ? undefined : new Set(testFilter)
    const chosen = tests.filter(({ id }) => filter?.has(id) ?? true)
    for (const [i, registered] of chosen.entries()) {
      const failure = await failureOf(registered)
      const isEndless = determineHitLimitReached(context.hitCount, context.hitLimit) !== undefined
      if (isEndless) return { status: MutantRunStatus.Timeout }
      if (failure !== undefined) return killed(registered.id, failure, i + 1)
    }
    return { status: MutantRunStatus.Survived, nrOfTests: chosen.length }
  }

  private async load(): Promise<void> {
    if (this.isLoaded) return
    this.isLoaded = true
    for (const [name, amount] of Object.entries(AMOUNTS)) process.env[name] = String(amount)
    fc.configureGlobal({ seed: 1 })
    const registry = new URL('test-registry.ts', import.meta.url).href
    registerHooks({
      resolve: (specifier, where, next) =>
        specifier === 'ava' ? { url: registry, shortCircuit: true } : next(specifier, where),
    })
    const files = TEST_FILES.flatMap((pattern) => globSync(pattern).sort())
    for (const file of [
      ...files.filter((name) => !LAST.test(name)),
      ...files.filter((name) => LAST.test(name)),
    ]) {
      if (LEFT_OUT.test(file)) continue
      beginFile(file)
      await import(pathToFileURL(resolve(join(process.cwd(), file))).href)
    }
  }
}

async function failureOf({ run }: RegisteredTest): Promise<string | undefined> {
  try {
    await run(assertions)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function killed(by: string, failureMessage: string, nrOfTests: number): MutantRunResult {
  return { status: MutantRunStatus.Killed, killedBy: [by], failureMessage, nrOfTests }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner)]
