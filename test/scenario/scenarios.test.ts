import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Instruments } from '../../src/book/index.ts'
import { scenarioEngine } from '../../src/scenario/engine.ts'
import { parseScenarios } from '../../src/scenario/parse.ts'
import { formatFailure, runScenario, type ScenarioEngine } from '../../src/scenario/run.ts'
import { FastEngine } from '../support/both-engines.ts'
import { root } from '../support/cli.ts'
import { fencesOf, markdownFiles } from '../support/markdown.ts'
import { NaiveEngine } from '../support/naive-engine.ts'

const ENGINES: readonly (readonly [string, (instruments: Instruments) => ScenarioEngine])[] = [
  ['fast', (instruments) => new FastEngine(instruments)],
  ['naive', (instruments) => new NaiveEngine(instruments)],
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

test('scenarios - every file can be read', (t) => {
  t.true(files.length >= 10)
  t.deepEqual(
    parsed.flatMap(({ problems }) => problems),
    [],
  )
})

test('scenarios - there are at least 80, and no two do the same', (t) => {
  t.true(scenarios.length >= 80)
  const steps = scenarios.map(({ steps, scope: { instruments } }) =>
    JSON.stringify([steps.map((step) => ({ ...step, line: 0 })), [...instruments.maxOrderLots]]),
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
