import { EventKind, RejectCode, type EngineEvent } from '../book/index.ts'
import type { Line } from './line.ts'
import type { Scope } from './scope.ts'

/** A part of an event: read from a line, and told from what the engine said, in the same words. */
export interface Part {
  readonly read: (line: Line, scope: Scope, instrument: number) => string
  readonly tell: (event: EngineEvent, scope: Scope) => string
}

/** How one kind of event is written: the words behind the first one, as they are always written. */
export interface EventForm extends Part {
  readonly kind: number
  /** What may be asked for behind that, by the word that it begins with. */
  readonly details: Readonly<Record<string, Part>>
}

/** A quantity of the event's order, such as what is open. */
export function lotsPart(of: (event: EngineEvent) => number): Part {
  return {
    read: readLots,
    tell: (event, scope) => quantity(scope, event.instrument, of(event)),
  }
}

export function pricePart(of: (event: EngineEvent) => number): Part {
  return {
    read: readPrice,
    tell: (event, scope) => price(scope, event.instrument, of(event)),
  }
}

/** Trigger price or distance of a stop; 0 in events that have none. */
export function stopTicksOf(event: EngineEvent): number {
  return 'stopTicks' in event ? event.stopTicks : 0
}

export function quantity(scope: Scope, instrument: number, lots: number): string {
  return scope.instruments.formatQuantity(instrument, lots)
}

export function price(scope: Scope, instrument: number, ticks: number): string {
  return scope.instruments.formatPrice(instrument, ticks)
}

export function readLots(line: Line, scope: Scope, instrument: number): string {
  return quantity(scope, instrument, scope.lots(line, instrument))
}

export function readPrice(line: Line, scope: Scope, instrument: number): string {
  return price(scope, instrument, scope.ticks(line, instrument))
}

/** `100 @ 10.00` */
export function readLotsAtPrice(line: Line, scope: Scope, instrument: number): string {
  const lots = readLots(line, scope, instrument)
  line.expect('@')
  return `${lots} @ ${readPrice(line, scope, instrument)}`
}

export function lotsAtPrice(scope: Scope, instrument: number, lots: number, ticks: number): string {
  return `${quantity(scope, instrument, lots)} @ ${price(scope, instrument, ticks)}`
}

/** `100 @ 10.00`, or `100` of a stop, which has no price. */
export function readLotsAtAnyPrice(line: Line, scope: Scope, instrument: number): string {
  const lots = readLots(line, scope, instrument)
  return line.skip('@') ? `${lots} @ ${readPrice(line, scope, instrument)}` : lots
}

export function lotsAtAnyPrice(scope: Scope, instrument: number, lots: number, ticks: number): string {
  return ticks === 0 ? quantity(scope, instrument, lots) : lotsAtPrice(scope, instrument, lots, ticks)
}

/** `50/0`: open lots of taker and maker after the trade. */
export const leaving: Part = {
  read: (line, scope, instrument) => {
    const token = line.take('what taker and maker have open, such as 50/0')
    const lots = token.text.split('/').map((text) => scope.instruments.toLots(instrument, text))
    if (lots.length !== 2 || lots.some((each) => typeof each !== 'number'))
      line.fail(`expected what taker and maker have open, such as 50/0, got "${token.text}"`, token)
    return lots.map((each) => quantity(scope, instrument, Number(each))).join('/')
  },
  tell: (event, scope) => {
    const { instrument, openLots } = event
    const makerLots = event.kind === EventKind.trade ? event.makerOpenLots : 0
    return `${quantity(scope, instrument, openLots)}/${quantity(scope, instrument, makerLots)}`
  },
}

/** The name of an order that stands above. */
export function readOrder(line: Line, scope: Scope): string {
  const token = line.take('the name of an order')
  if (!scope.isOrder(token.text)) line.fail(`no order above is called "${token.text}"`, token)
  return token.text
}

/** `TAKER/MAKER`; in an auction buyer and seller. */
export function readPair(line: Line, scope: Scope): string {
  const token = line.take('TAKER/MAKER')
  const names = token.text.split('/')
  const unknown = names.find((name) => !scope.isOrder(name))
  if (names.length !== 2) line.fail(`expected TAKER/MAKER, got "${token.text}"`, token)
  else if (unknown !== undefined) line.fail(`no order above is called "${unknown}"`, token)
  return token.text
}

export function rejectCode(line: Line): keyof typeof RejectCode {
  const token = line.take('a reject code')
  if (!Object.hasOwn(RejectCode, token.text)) line.fail(`there is no reject code "${token.text}"`, token)
  return token.text as keyof typeof RejectCode
}
