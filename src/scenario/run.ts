import {
  CommandKind,
  EventKind,
  Side,
  type Command,
  type DepthLevel,
  type EngineEvent,
  type Instruments,
} from '../book/index.ts'
import { agrees, bookText } from './book-line.ts'
import { diff, type DiffLine } from './diff.ts'
import { sayEvent } from './events.ts'
import type { BookStep, CommandStep, Expected, Said, Scenario } from './scenario.ts'
import type { Scope } from './scope.ts'

/** What a scenario asks of an engine. */
export interface ScenarioEngine {
  /** Applies one command; what it caused, in order. */
  apply(command: Command): readonly EngineEvent[]
  /** The best levels of one side of an instrument, best first. */
  depth(instrument: number, side: number, levels: number): readonly DepthLevel[]
}

/** Where a scenario went otherwise than it says. */
export interface Failure {
  readonly file: string
  readonly line: number
  readonly scenario: string
  /** The command, or the book line, as it is written. */
  readonly step: string
  readonly diff: readonly DiffLine[]
}

/**
 * Runs a scenario against a new engine. It ends at the first step that goes otherwise: what comes behind would
 * only follow from that. Undefined if all goes as it says.
 */
export function runScenario(
  { file, name, scope, steps }: Scenario,
  create: (instruments: Instruments) => ScenarioEngine,
): Failure | undefined {
  const engine = create(scope.instruments)
  for (const step of steps) {
    const lines = step.kind === 'book' ? checkBook(step, scope, engine) : checkCommand(step, scope, engine)
    if (lines.some(({ mark }) => mark !== ' '))
      return { file, line: step.line, scenario: name, step: step.text, diff: lines }
  }
  return undefined
}

/** A failure for a person: where, which command, and what came instead of what. */
export function formatFailure({ file, line, scenario, step, diff }: Failure): string {
  const lines = diff.map(({ mark, text }) => `    ${mark} ${text}\n`)
  return `${file}:${line} ${scenario}\n    ${step}\n${lines.join('')}`
}

function checkCommand(step: CommandStep, scope: Scope, engine: ScenarioEngine): DiffLine[] {
  const { command, instrument } = step
  const events = engine.apply(command)
  const expected = [...step.expected]
  const got = [...events]
  const isImplied =
    command.kind === CommandKind.new &&
    !expected.some(({ word }) => word === 'accepted' || word === 'rejected')
  if (isImplied) {
    const [first] = got
    if (first?.kind === EventKind.accepted && first.orderId === command.orderId) got.shift()
    else
      expected.unshift({
        word: 'accepted',
        text: `accepted ${scope.nameOf(command.orderId)}`,
        details: new Map(),
      })
  }
  // Of what the engine said only those details are shown that are asked for somewhere.
  const asked = new Set(expected.flatMap(({ details }) => [...details.keys()]))
  return diff(
    expected,
    got.map((event) => sayEvent(event, scope, instrument)),
    isAsExpected,
    (line) => `> ${withDetails(line, asked)}`,
    (said) => `> ${withDetails(said, asked)}`,
  )
}

function isAsExpected(expected: Expected, said: Said): boolean {
  if (expected.text !== said.text) return false
  return [...expected.details].every(([name, value]) => said.details.get(name) === value)
}

function withDetails({ text, details }: Said, asked: ReadonlySet<string>): string {
  const shown = [...details].filter(([name]) => asked.has(name))
  return [text, ...shown.map(([name, value]) => `${name} ${value}`)].join(' ')
}

function checkBook({ instrument, sides, text }: BookStep, scope: Scope, engine: ScenarioEngine): DiffLine[] {
  const bids = engine.depth(instrument, Side.buy, Infinity)
  const offers = engine.depth(instrument, Side.sell, Infinity)
  if (agrees(sides[0], bids) && agrees(sides[1], offers)) return []
  const isCounted = sides.flat().some(({ orders }) => orders !== undefined)
  return [
    { mark: '-', text },
    { mark: '+', text: bookText(scope, instrument, [bids, offers], isCounted) },
  ]
}
