import { EventKind, Side, type EngineEvent } from '../book/index.ts'
import {
  lotsAtPrice,
  price,
  quantity,
  readLots,
  readLotsAtPrice,
  readPrice,
  type EventForm,
  type Part,
} from './event-form.ts'
import type { Line } from './line.ts'
import type { Scope } from './scope.ts'
import { CAUSES, readWord, SIDES, STATES, wordFor } from './vocabulary.ts'

const NONE = 'none'

const cause: Part = {
  read: (line) => readWord(line, CAUSES),
  tell: (event) => (event.kind === EventKind.state ? wordFor(CAUSES, event.cause, 'cause') : ''),
}

/** `surplus buy 100` or `surplus none` */
const surplus: Part = {
  read: (line, scope, instrument) => {
    if (line.skip(NONE)) return NONE
    return `${readWord(line, SIDES)} ${readLots(line, scope, instrument)}`
  },
  tell: (event, scope) => {
    if (event.kind !== EventKind.indication || event.surplusLots === 0) return NONE
    return `${sideOf(event)} ${quantity(scope, event.instrument, event.surplusLots)}`
  },
}

/** Events that are of no order, by their first word: trading states and what the market is like. */
export const MARKET_EVENTS: Readonly<Record<string, EventForm>> = {
  state: {
    kind: EventKind.state,
    read: (line) => readWord(line, STATES),
    tell: (event) => (event.kind === EventKind.state ? wordFor(STATES, event.state, 'state') : ''),
    details: { cause },
  },
  indication: {
    kind: EventKind.indication,
    read: (line, scope, instrument) => (line.skip(NONE) ? NONE : readLotsAtPrice(line, scope, instrument)),
    tell: (event, scope) => {
      if (event.kind !== EventKind.indication || event.priceTicks === 0) return NONE
      return lotsAtPrice(scope, event.instrument, event.volumeLots, event.priceTicks)
    },
    details: { surplus },
  },
  level: { kind: EventKind.level, read: readLevel, tell: tellLevel, details: {} },
  best: { kind: EventKind.bestPrices, read: readBest, tell: tellBest, details: {} },
}

/** `buy 10.00 x 100 (2)`, or `buy 10.00 empty` where nothing shows any more. */
function readLevel(line: Line, scope: Scope, instrument: number): string {
  const at = `${readWord(line, SIDES)} ${readPrice(line, scope, instrument)}`
  if (line.skip('empty')) return `${at} empty`
  line.expect('x')
  const lots = readLots(line, scope, instrument)
  const token = line.take('a count of orders')
  if (!/^\(\d{1,9}\)$/.test(token.text))
    line.fail(`expected a count of orders, such as (2), got "${token.text}"`, token)
  return `${at} x ${lots} ${token.text}`
}

function tellLevel(event: EngineEvent, scope: Scope): string {
  if (event.kind !== EventKind.level) return ''
  const { instrument, orders, priceTicks, totalLots } = event
  const at = `${sideOf(event)} ${price(scope, instrument, priceTicks)}`
  if (orders === 0 && totalLots === 0) return `${at} empty`
  return `${at} x ${quantity(scope, instrument, totalLots)} (${orders})`
}

/** `10.00 x 100 | 10.02 x 50`, with `none` for a side that shows nothing. */
function readBest(line: Line, scope: Scope, instrument: number): string {
  const side = (): string => {
    if (line.skip(NONE)) return NONE
    const at = readPrice(line, scope, instrument)
    line.expect('x')
    return `${at} x ${readLots(line, scope, instrument)}`
  }
  const bid = side()
  line.expect('|')
  return `${bid} | ${side()}`
}

function tellBest(event: EngineEvent, scope: Scope): string {
  if (event.kind !== EventKind.bestPrices) return ''
  const { instrument, bidTicks, bidLots, offerTicks, offerLots } = event
  const side = (ticks: number, lots: number): string =>
    ticks === 0 ? NONE : `${price(scope, instrument, ticks)} x ${quantity(scope, instrument, lots)}`
  return `${side(bidTicks, bidLots)} | ${side(offerTicks, offerLots)}`
}

function sideOf({ side }: EngineEvent): string {
  return side === Side.buy ? 'buy' : wordFor(SIDES, side, 'side')
}
