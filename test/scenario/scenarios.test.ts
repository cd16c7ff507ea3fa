import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Instruments } from '../../src/book/index.ts'
import { scenarioEngine } from '../../src/scenario/engine.ts'
import { parseScenarios } from '../../src/scenario/parse.ts'
import { formatFailure, runScenario, type CreateEngine } from '../../src/scenario/run.ts'
import { root } from '../support/cli.ts'
import { fencesOf, markdownFiles } from '../support/markdown.ts'
import { NaiveEngine } from '../support/naive-engine.ts'

/** The plain engine keeps no orders by name: query lines are for the fast one. */
const ENGINES: readonly (readonly [string, CreateEngine])[] = [
  ['fast', scenarioEngine],
  ['naive', (instruments, options) => new NaiveEngine(instruments, options)],
]

const files = readdirSync(join(root, 'scenarios')).filter((name) => name.endsWith('.scenario'))
const parsed = files.map((name) =>
  parseScenarios(`scenarios/${name}`, readFileSync(join(root, 'scenarios', name), 'utf8')),
)
const shown = markdownFiles()
  .flatMap(fencesOf)
  .filter(({ language }) => language === 'scenario')
  .map(({ file, line, text }) => parseScenarios(`${file}:${line}`, text))
const scenarios = parsed.flatMap(({ scenarios }) => scenarios)

/** What sets the instruments of two scenarios apart. */
function tableOf(instruments: Instruments): readonly (readonly number[])[] {
  const { bandTicks, maxOrderLots, pauseSeconds, referenceTicks, selfTrade } = instruments
  return [bandTicks, maxOrderLots, pauseSeconds, referenceTicks, selfTrade].map((column) => [...column])
}

test('scenarios - every file can be read', (t) => {
  t.true(files.length >= 10)
  t.deepEqual(
    parsed.flatMap(({ problems }) => problems),
    [],
  )
})

test('scenarios - there are at least 450, and no two do the same', (t) => {
  t.true(scenarios.length >= 450)
  const steps = scenarios.map(({ marketData, steps, scope: { instruments } }) =>
    JSON.stringify(
      [marketData, steps.map((step) => ({ ...step, line: 0 })), tableOf(instruments)],
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    ),
  )
  t.is(new Set(steps).size, steps.length)
})

test('scenarios - those that the documents show go as they say', (t) => {
  t.true(shown.length >= 1)
  for (const { scenarios, problems } of shown) {
    t.deepEqual(problems, [])
    for (const scenario of scenarios) {
      const failure = runScenario(scenario, scenarioEngine)
      t.is(failure && formatFailure(failure), undefined)
    }
  }
})

for (const scenario of scenarios)
  test(`${scenario.file.slice('scenarios/'.length, -'.scenario'.length)} - ${scenario.name}`, (t) => {
    for (const [engine, create] of ENGINES) {
      const failure = runScenario(scenario, create)
      t.is(failure && formatFailure(failure), undefined, engine)
    }
  })
