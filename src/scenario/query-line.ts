import { lotsAtAnyPrice, price, quantity, readLots, readLotsAtAnyPrice, readPrice } from './event-form.ts'
import type { Line } from './line.ts'
import type { OrderStep, OrdersStep, Said } from './scenario.ts'
import type { Scope } from './scope.ts'

/** A live order, as far as scenarios ask for it. */
export interface LiveOrder {
  readonly orderId: number
  readonly instrument: number
  readonly priceTicks: number
  readonly openLots: number
  /** What shows of them. */
  readonly shownLots: number
  /** Trigger price of a waiting stop. */
  readonly stopTicks: number
  readonly isWaiting: boolean
}

/** Where an order is in the queue of its price. */
export interface PlaceInQueue {
  /** From 1. */
  readonly position: number
  readonly lotsAhead: number
}

const GONE = 'gone'
const NONE = 'none'

/** What may be asked for of an order. */
const DETAILS: Readonly<Record<string, (line: Line, scope: Scope, instrument: number) => string>> = {
  ahead: readLots,
  position: (line) => String(line.whole('a place in the queue', 1, 2 ** 31 - 1)),
  shown: readLots,
  stop: readPrice,
}

/** Reads `order NAME: open QTY @ PRICE` and details, or `order NAME: gone`. */
export function readOrderLine(line: Line, scope: Scope): OrderStep {
  line.expect('order')
  const token = line.take('the name of an order and ":"')
  const name = token.text.slice(0, -1)
  if (!token.text.endsWith(':'))
    line.fail(`expected the name of an order and ":", got "${token.text}"`, token)
  else if (!scope.isOrder(name)) line.fail(`no order above is called "${name}"`, token)
  const instrument = scope.order(name)?.instrument ?? 0
  const orderId = scope.isOrder(name) ? scope.orderId(name) : 0
  const step = (said: string, details: ReadonlyMap<string, string>): OrderStep => {
    line.end()
    const expected = { word: 'order', text: `order ${name}: ${said}`, details }
    return { kind: 'order', line: line.number, text: line.text, orderId, expected }
  }
  if (line.skip(GONE)) return step(GONE, new Map())
  const word = line.take(`open or ${GONE}`)
  if (word.text !== 'open') line.fail(`expected open or ${GONE}, got "${word.text}"`, word)
  const said = `open ${readLotsAtAnyPrice(line, scope, instrument)}`
  const details = new Map<string, string>()
  while (line.next !== undefined && Object.hasOwn(DETAILS, line.next)) {
    const detail = line.take('a detail').text
    details.set(detail, DETAILS[detail]!(line, scope, instrument))
  }
  return step(said, details)
}

/** What an order is like now, in the words of an expectation. */
export function sayOrder(
  orderId: number,
  order: LiveOrder | undefined,
  place: PlaceInQueue | undefined,
  scope: Scope,
): Said {
  const name = scope.nameOf(orderId)
  if (order === undefined) return { text: `order ${name}: ${GONE}`, details: new Map() }
  const { instrument, isWaiting, openLots, priceTicks, shownLots, stopTicks } = order
  const details = new Map([
    ['ahead', place === undefined ? NONE : quantity(scope, instrument, place.lotsAhead)],
    ['position', String(place?.position ?? NONE)],
    ['shown', quantity(scope, instrument, shownLots)],
    ['stop', isWaiting ? price(scope, instrument, stopTicks) : NONE],
  ])
  const terms = lotsAtAnyPrice(scope, instrument, openLots, priceTicks)
  return { text: `order ${name}: open ${terms}`, details }
}

/** Reads `open of CLIENT: NAME, NAME` or `open of CLIENT: none`. */
export function readOrdersLine(line: Line, scope: Scope): OrdersStep {
  line.expect('open')
  line.expect('of')
  const token = line.take('the name of a client and ":"')
  const name = token.text.slice(0, -1)
  if (!token.text.endsWith(':'))
    line.fail(`expected the name of a client and ":", got "${token.text}"`, token)
  else if (!scope.isClient(name)) line.fail(`no client above is called "${name}"`, token)
  const names: string[] = []
  if (!line.skip(NONE))
    do names.push(line.name('the name of an order'))
    while (line.skip(',') && line.fault === undefined)
  line.end()
  const client = scope.isClient(name) ? scope.client(name) : 0
  const expected = { word: 'open', text: ordersText(name, names), details: new Map() }
  return { kind: 'orders', line: line.number, text: line.text, clientName: name, client, expected }
}

export function sayOrders(clientName: string, orders: readonly LiveOrder[], scope: Scope): Said {
  const names = orders.map(({ orderId }) => scope.nameOf(orderId))
  return { text: ordersText(clientName, names), details: new Map() }
}

function ordersText(clientName: string, names: readonly string[]): string {
  return `open of ${clientName}: ${names.length === 0 ? NONE : names.join(', ')}`
}
