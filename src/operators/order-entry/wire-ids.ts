import {
  CLIENT,
  CODE,
  HEAD,
  headKind,
  CommandKind,
  LINKED_ORDER_ID,
  ORDER_ID,
  OrderFlag,
  orderFlags,
} from '../../book/record.ts'
import { RejectCode } from '../../book/reject-code.ts'
import type { Market } from '../../pipeline/market.ts'

/**
 * Clients of an order entry have numbers, and name their orders by numbers of their own. In the engine, and in every
 * event, an order's id is `client * 2^32 + own`: no two clients can meet, an id says whose it is, and after a restart
 * it is still the same.
 */
export const MAX_CLIENT = 2 ** 21 - 1
export const MAX_OWN_ID = 2 ** 32 - 1
const HIGH = 2 ** 32

export function wireOrderId(client: number, own: number): number {
  return client * HIGH + own
}

/** The client's own number for an order. */
export function ownOrderId(orderId: number): number {
  return orderId % HIGH
}

/** The whole number that a text is, if it is one from 1 to `most`; else 0. */
function wholeOf(text: string, most: number): number {
  if (!/^[1-9][0-9]{0,9}$/.test(text)) return 0
  const number = Number(text)
  return number <= most ? number : 0
}

/**
 * Makes the ids of a command in place of the client's own ones, and refuses it where that cannot be.
 * @param only the one client that may be in it, where the subject says so
 */
export function bindCommand(words: Int32Array, at: number, only: number | undefined): void {
  if ((words[at + CODE]! & 0xffff) !== 0) return
  const kind = headKind(words[at + HEAD]!)
  const client = words[at + CLIENT]! >>> 0
  if (client === 0 || client > MAX_CLIENT || (only !== undefined && client !== only))
    return refuse(words, at, RejectCode.INVALID_COMMAND)
  if (kind > CommandKind.massCancel) return refuse(words, at, RejectCode.INVALID_COMMAND)
  if (kind === CommandKind.massCancel) return
  if (!bindId(words, at + ORDER_ID, client)) return refuse(words, at, RejectCode.INVALID_ORDER_ID)
  const isLinked =
    kind === CommandKind.replace ||
    (kind === CommandKind.new && (orderFlags(words[at + CODE]!) & OrderFlag.linked) !== 0)
  if (isLinked && !bindId(words, at + LINKED_ORDER_ID, client)) refuse(words, at, RejectCode.INVALID_ORDER_ID)
}

/** One that is bound already, as text commands are, stays. */
function bindId(words: Int32Array, at: number, client: number): boolean {
  const high = words[at + 1]! >>> 0
  if (words[at] === 0 || (high !== 0 && high !== client)) return false
  words[at + 1] = client
  return true
}

function refuse(words: Int32Array, at: number, code: number): void {
  words[at + CODE] = (words[at + CODE]! & ~0xffff) | code
}

/**
 * The market as lines of JSON of an order entry see it: names of clients and orders are the numbers that they spell,
 * and nothing is given out. Everything else is the market itself.
 */
export function wireMarket(market: Market): Market {
  let client = 0
  const find = (text: string): number => {
    const own = wholeOf(text, MAX_OWN_ID)
    return own === 0 ? 0 : wireOrderId(client, own)
  }
  return Object.create(market, {
    clients: {
      value: {
        number: (text: string) => (client = wholeOf(text, MAX_CLIENT)),
        text: String,
      },
    },
    orders: {
      value: {
        number: find,
        find,
        text: (orderId: number) => String(ownOrderId(orderId)),
        instrument: (orderId: number) => market.orders.instrument(orderId),
        // Which instrument an order is in is known once all before it have been matched.
        isShared: () => true,
      },
    },
  }) as Market
}
