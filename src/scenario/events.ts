import { CancelReason, EventKind, RejectCode, rejectName, type EngineEvent } from '../book/index.ts'
import { oneOf, type Line } from './line.ts'
import type { Expected, Said } from './scenario.ts'
import type { Scope } from './scope.ts'

/** How one kind of event is written: read from a line, and told from what the engine said, in the same words. */
interface EventForm {
  readonly kind: number
  /** The words behind the first one, as they are always written. */
  readonly read: (line: Line, scope: Scope, instrument: number) => string
  readonly tell: (event: EngineEvent, scope: Scope) => string
  /** What may be asked for behind that, by the word that it begins with. */
  readonly details: Readonly<Record<string, Detail>>
}

interface Detail {
  readonly read: (line: Line, scope: Scope, instrument: number) => string
  readonly tell: (event: EngineEvent, scope: Scope) => string
}

/** `noLiquidity` is written `no-liquidity`. */
const REASONS = new Map(
  Object.entries(CancelReason).map(([key, code]) => [
    code as number,
    key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  ]),
)

const open: Detail = {
  read: (line, scope, instrument) => quantity(scope, instrument, scope.lots(line, instrument)),
  tell: (event, scope) => quantity(scope, event.instrument, event.openLots),
}

/** Every event by its first word. A new kind of event is a new entry. */
const EVENTS: Readonly<Record<string, EventForm>> = {
  accepted: {
    kind: EventKind.accepted,
    read: (line, scope) => order(line, scope),
    tell: (event, scope) => scope.nameOf(event.orderId),
    details: { open },
  },
  trade: {
    kind: EventKind.trade,
    read: (line, scope, instrument) => `${lotsAtPrice(line, scope, instrument)} ${pair(line, scope)}`,
    tell: (event, scope) => {
      const maker = event.kind === EventKind.trade ? event.makerOrderId : 0
      return `${tellLotsAtPrice(event, scope)} ${scope.nameOf(event.orderId)}/${scope.nameOf(maker)}`
    },
    details: { leaving: { read: readLeaving, tell: tellLeaving } },
  },
  cancelled: {
    kind: EventKind.cancelled,
    read: (line, scope, instrument) => {
      const lots = quantity(scope, instrument, scope.lots(line, instrument))
      return `${lots} ${reason(line)} ${order(line, scope)}`
    },
    tell: (event, scope) => {
      const code = event.kind === EventKind.cancelled ? event.reason : 0
      const lots = quantity(scope, event.instrument, event.lots)
      return `${lots} ${REASONS.get(code) ?? `reason-${code}`} ${scope.nameOf(event.orderId)}`
    },
    details: {},
  },
  amended: {
    kind: EventKind.amended,
    read: (line, scope, instrument) => {
      const name = order(line, scope)
      line.expect('to')
      return `${name} to ${lotsAtPrice(line, scope, instrument)}`
    },
    tell: (event, scope) => `${scope.nameOf(event.orderId)} to ${tellLotsAtPrice(event, scope)}`,
    details: { open },
  },
  rejected: {
    kind: EventKind.rejected,
    read: (line) => rejectCode(line),
    tell: (event) => (event.kind === EventKind.rejected ? rejectName(event.code) : ''),
    details: {},
  },
}

export const EVENT_WORDS: readonly string[] = [...Object.keys(EVENTS), 'nothing']

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
  const text = `${word} ${form.read(line, scope, instrument)}`
  const details = new Map<string, string>()
  while (line.next !== undefined && Object.hasOwn(form.details, line.next)) {
    const detail = line.take('a detail').text
    details.set(detail, form.details[detail]!.read(line, scope, instrument))
  }
  line.end()
  return { word, text, details }
}

/** What the engine said, in the words of an expectation, with every detail. */
export function sayEvent(event: EngineEvent, scope: Scope, instrument: number): Said {
  const [word, form] = Object.entries(EVENTS).find(([, { kind }]) => kind === event.kind)!
  const { instruments } = scope
  const isElsewhere = event.instrument !== instrument && event.kind !== EventKind.rejected
  const where = isElsewhere ? ` in ${instruments.symbol(event.instrument) || event.instrument}` : ''
  const details = Object.entries(form.details).map(([name, { tell }]) => [name, tell(event, scope)] as const)
  return { text: `${word} ${form.tell(event, scope)}${where}`, details: new Map(details) }
}

function quantity(scope: Scope, instrument: number, lots: number): string {
  return scope.instruments.formatQuantity(instrument, lots)
}

function lotsAtPrice(line: Line, scope: Scope, instrument: number): string {
  const lots = quantity(scope, instrument, scope.lots(line, instrument))
  line.expect('@')
  return `${lots} @ ${scope.instruments.formatPrice(instrument, scope.ticks(line, instrument))}`
}

function tellLotsAtPrice({ instrument, lots, priceTicks }: EngineEvent, scope: Scope): string {
  return `${quantity(scope, instrument, lots)} @ ${scope.instruments.formatPrice(instrument, priceTicks)}`
}

/** `50/0`: open lots of taker and maker after the trade. */
function readLeaving(line: Line, scope: Scope, instrument: number): string {
  const token = line.take('what taker and maker have open, such as 50/0')
  const lots = token.text.split('/').map((text) => scope.instruments.toLots(instrument, text))
  if (lots.length !== 2 || lots.some((each) => typeof each !== 'number'))
    line.fail(`expected what taker and maker have open, such as 50/0, got "${token.text}"`, token)
  return lots.map((each) => quantity(scope, instrument, Number(each))).join('/')
}

function tellLeaving(event: EngineEvent, scope: Scope): string {
  const { instrument, openLots } = event
  const makerLots = event.kind === EventKind.trade ? event.makerOpenLots : 0
  return `${quantity(scope, instrument, openLots)}/${quantity(scope, instrument, makerLots)}`
}

function order(line: Line, scope: Scope): string {
  const token = line.take('the name of an order')
  if (!scope.isOrder(token.text)) line.fail(`no order above is called "${token.text}"`, token)
  return token.text
}

function pair(line: Line, scope: Scope): string {
  const token = line.take('TAKER/MAKER')
  const names = token.text.split('/')
  const unknown = names.find((name) => !scope.isOrder(name))
  if (names.length !== 2) line.fail(`expected TAKER/MAKER, got "${token.text}"`, token)
  else if (unknown !== undefined) line.fail(`no order above is called "${unknown}"`, token)
  return token.text
}

function reason(line: Line): string {
  const words = [...REASONS.values()]
  const token = line.take(oneOf(words))
  if (!words.includes(token.text)) line.fail(`expected ${oneOf(words)}, got "${token.text}"`, token)
  return token.text
}

export function rejectCode(line: Line): keyof typeof RejectCode {
  const token = line.take('a reject code')
  if (!Object.hasOwn(RejectCode, token.text)) line.fail(`there is no reject code "${token.text}"`, token)
  return token.text as keyof typeof RejectCode
}
