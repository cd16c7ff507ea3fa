import { EventKind, rejectName, type EngineEvent } from '../book/index.ts'
import {
  leaving,
  lotsAtAnyPrice,
  lotsAtPrice,
  lotsPart,
  pricePart,
  quantity,
  readLots,
  readLotsAtAnyPrice,
  readLotsAtPrice,
  readOrder,
  readPair,
  rejectCode,
  stopTicksOf,
  type EventForm,
} from './event-form.ts'
import { oneOf, type Line } from './line.ts'
import { MARKET_EVENTS } from './market-events.ts'
import type { Expected, Said } from './scenario.ts'
import type { Scope } from './scope.ts'
import { readWord, REASONS, wordFor } from './vocabulary.ts'

const open = lotsPart((event) => event.openLots)
const stop = pricePart(stopTicksOf)

/** Every event by its first word. A new kind of event is a new entry. */
const EVENTS: Readonly<Record<string, EventForm>> = {
  accepted: {
    kind: EventKind.accepted,
    read: (line, scope) => readOrder(line, scope),
    tell: (event, scope) => scope.nameOf(event.orderId),
    details: {
      open,
      '@': pricePart((event) => event.priceTicks),
      stop,
      display: lotsPart((event) => (event.kind === EventKind.accepted ? event.displayLots : 0)),
    },
  },
  trade: {
    kind: EventKind.trade,
    read: (line, scope, instrument) => `${readLotsAtPrice(line, scope, instrument)} ${readPair(line, scope)}`,
    tell: (event, scope) => {
      const { instrument, lots, orderId, priceTicks } = event
      const maker = event.kind === EventKind.trade ? event.makerOrderId : 0
      const pair = `${scope.nameOf(orderId)}/${scope.nameOf(maker)}`
      return `${lotsAtPrice(scope, instrument, lots, priceTicks)} ${pair}`
    },
    details: { leaving },
  },
  cancelled: {
    kind: EventKind.cancelled,
    read: (line, scope, instrument) =>
      `${readLots(line, scope, instrument)} ${readWord(line, REASONS)} ${readOrder(line, scope)}`,
    tell: (event, scope) => {
      const code = event.kind === EventKind.cancelled ? event.reason : 0
      const lots = quantity(scope, event.instrument, event.lots)
      return `${lots} ${wordFor(REASONS, code, 'reason')} ${scope.nameOf(event.orderId)}`
    },
    details: { leaving: open },
  },
  amended: {
    kind: EventKind.amended,
    read: (line, scope, instrument) => {
      const name = readOrder(line, scope)
      line.expect('to')
      return `${name} to ${readLotsAtAnyPrice(line, scope, instrument)}`
    },
    tell: (event, scope) => `${scope.nameOf(event.orderId)} to ${tellTerms(event, scope)}`,
    details: { open, stop },
  },
  replaced: {
    kind: EventKind.replaced,
    read: (line, scope, instrument) => {
      const names = [readOrder(line, scope)]
      line.expect('by')
      names.push(readOrder(line, scope))
      line.expect('to')
      return `${names.join(' by ')} to ${readLotsAtAnyPrice(line, scope, instrument)}`
    },
    tell: (event, scope) => {
      const old = event.kind === EventKind.replaced ? event.previousOrderId : 0
      return `${scope.nameOf(old)} by ${scope.nameOf(event.orderId)} to ${tellTerms(event, scope)}`
    },
    details: { open, stop },
  },
  triggered: {
    kind: EventKind.triggered,
    read: (line, scope) => readOrder(line, scope),
    tell: (event, scope) => scope.nameOf(event.orderId),
    details: { at: stop },
  },
  applied: { kind: EventKind.applied, read: () => '', tell: () => '', details: {} },
  ...MARKET_EVENTS,
  rejected: {
    kind: EventKind.rejected,
    read: (line) => rejectCode(line),
    tell: (event) => (event.kind === EventKind.rejected ? rejectName(event.code) : ''),
    details: {},
  },
}

export const EVENT_WORDS: readonly string[] = [...Object.keys(EVENTS), 'nothing']

/** Events of commands that stand for no instrument. */
const NOWHERE: ReadonlySet<number> = new Set([EventKind.applied, EventKind.rejected])

/** Reads an expected event, behind its `>`; undefined for `nothing`. */
export function readExpected(line: Line, scope: Scope, instrument: number): Expected | undefined {
  const token = line.take(oneOf(EVENT_WORDS))
  const word = token.text
  if (word === 'nothing') {
    line.end()
    return undefined
  }
  const form = Object.hasOwn(EVENTS, word) ? EVENTS[word] : undefined
  if (form === undefined) {
    line.fail(`expected ${oneOf(EVENT_WORDS)}, got "${word}"`, token)
    return undefined
  }
  // Its amounts are in the steps of its instrument, which stands behind them.
  const where = scope.instruments.find(line.behind('in') ?? '') ?? instrument
  const text = `${word} ${form.read(line, scope, where)}`.trimEnd()
  const details = new Map<string, string>()
  while (line.next !== undefined) {
    const isWhere = line.next === 'in' && !NOWHERE.has(form.kind)
    if (!isWhere && !Object.hasOwn(form.details, line.next)) break
    const detail = line.take('a detail').text
    if (isWhere) readSymbol(line, scope)
    else details.set(detail, form.details[detail]!.read(line, scope, where))
  }
  line.end()
  return { word, text: `${text}${elsewhere(scope, where, instrument)}`, details }
}

/** What the engine said, in the words of an expectation, with every detail. */
export function sayEvent(event: EngineEvent, scope: Scope, instrument: number): Said {
  const [word, form] = Object.entries(EVENTS).find(([, { kind }]) => kind === event.kind)!
  const where = NOWHERE.has(event.kind) ? '' : elsewhere(scope, event.instrument, instrument)
  const details = Object.entries(form.details).map(([name, { tell }]) => [name, tell(event, scope)] as const)
  return { text: `${`${word} ${form.tell(event, scope)}`.trimEnd()}${where}`, details: new Map(details) }
}

function tellTerms({ instrument, lots, priceTicks }: EngineEvent, scope: Scope): string {
  return lotsAtAnyPrice(scope, instrument, lots, priceTicks)
}

/** Where an event is, if it is in another instrument than its command. */
function elsewhere(scope: Scope, instrument: number, usual: number): string {
  if (instrument === usual) return ''
  return ` in ${scope.instruments.symbol(instrument) || instrument}`
}

function readSymbol(line: Line, scope: Scope): void {
  const token = line.take('a symbol')
  if (scope.instruments.find(token.text) === undefined)
    line.fail(`no instrument is called "${token.text}"`, token)
}
