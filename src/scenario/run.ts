import {
  CommandKind,
  Side,
  type Command,
  type DepthLevel,
  type EngineEvent,
  type Instruments,
} from '../book/index.ts'
import { agrees, bookText } from './book-line.ts'
import { diff, type DiffLine } from './diff.ts'
import { sayEvent } from './events.ts'
import { sayOrder, sayOrders, type LiveOrder, type PlaceInQueue } from './query-line.ts'
import type {
  BookStep,
  CommandStep,
  Expected,
  OrdersStep,
  OrderStep,
  Said,
  Scenario,
  Step,
} from './scenario.ts'
import type { Scope } from './scope.ts'

/** What a scenario asks of an engine. */
export interface ScenarioEngine {
  /** Applies one command; what it caused, in order. */
  apply(command: Command): readonly EngineEvent[]
  /** The best levels of one side of an instrument, best first. */
  depth(instrument: number, side: number, levels: number): readonly DepthLevel[]
  /** A live order. An engine that has none of these three is not asked about orders. */
  order?(orderId: number): LiveOrder | undefined
  queuePosition?(orderId: number): PlaceInQueue | undefined
  /** The live orders of a client, by id. */
  openOrders?(client: number): readonly LiveOrder[]
}

export interface EngineOptions {
  /** Whether it is to publish levels and best prices. */
  readonly marketData: boolean
}

export type CreateEngine = (instruments: Instruments, options: EngineOptions) => ScenarioEngine

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
  { file, marketData, name, scope, steps }: Scenario,
  create: CreateEngine,
): Failure | undefined {
  const engine = create(scope.instruments, { marketData })
  for (const step of steps) {
    const lines = checkStep(step, scope, engine)
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

function checkStep(step: Step, scope: Scope, engine: ScenarioEngine): DiffLine[] {
  switch (step.kind) {
    case 'command':
      return checkCommand(step, scope, engine)
    case 'book':
      return checkBook(step, scope, engine)
    case 'order':
      return checkOrder(step, scope, engine)
    default:
      return checkOrders(step, scope, engine)
  }
}

function checkCommand(step: CommandStep, scope: Scope, engine: ScenarioEngine): DiffLine[] {
  const { command, instrument } = step
  const expected = [...step.expected]
  const got = [...engine.apply(command)]
  const implied = impliedEvent(step, scope)
  if (implied !== undefined) {
    const [first] = got
    if (first !== undefined && sayEvent(first, scope, instrument).text === implied.text) got.shift()
    else expected.unshift(implied)
  }
  return compare(
    expected,
    got.map((event) => sayEvent(event, scope, instrument)),
    '> ',
  )
}

/** The event of the command itself, where it may be left unsaid and is. */
function impliedEvent({ command, expected }: CommandStep, scope: Scope): Expected | undefined {
  if (expected.some(({ word }) => word === 'accepted' || word === 'applied' || word === 'rejected'))
    return undefined
  const details = new Map<string, string>()
  if (command.kind === CommandKind.new)
    return { word: 'accepted', text: `accepted ${scope.nameOf(command.orderId)}`, details }
  return command.kind > CommandKind.replace ? { word: 'applied', text: 'applied', details } : undefined
}

function compare(expected: readonly Expected[], said: readonly Said[], lead = ''): DiffLine[] {
  // Of what the engine said only those details are shown that are asked for somewhere.
  const asked = new Set(expected.flatMap(({ details }) => [...details.keys()]))
  const show = (each: Said): string => `${lead}${withDetails(each, asked)}`
  return diff(expected, said, isAsExpected, show, show)
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

function checkOrder({ expected, orderId }: OrderStep, scope: Scope, engine: ScenarioEngine): DiffLine[] {
  if (engine.order === undefined) return []
  const place = engine.queuePosition?.(orderId)
  return compare([expected], [sayOrder(orderId, engine.order(orderId), place, scope)])
}

function checkOrders(step: OrdersStep, scope: Scope, engine: ScenarioEngine): DiffLine[] {
  const { client, clientName, expected } = step
  const orders = engine.openOrders?.(client)
  return orders === undefined ? [] : compare([expected], [sayOrders(clientName, orders, scope)])
}
