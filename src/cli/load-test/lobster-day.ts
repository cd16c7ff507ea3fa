import * as E from 'fp-ts/lib/Either.js'
import { MessageType, readMessages, type LobsterMessage } from '../../operators/lobster/messages.ts'
import type { Command, FlowOptions, Planned } from './orders.ts'

const PRICE_UNIT = 10_000

/**
 * The messages of a recorded day as commands: submissions, cuts and deletions as they are, and each execution as an
 * immediate order from the other side. Times keep their pattern; they are stretched so that the mean rate is the one
 * asked for. Rows that cannot be read, and messages that leave the visible book alone, are left out.
 * @param most as many commands are made at the most
 * @throws Error that names the file, where it cannot be read or has nothing to send
 */
export async function recordedDay(
  path: string,
  { clients, perSecond, tag, symbols }: FlowOptions,
  most: number,
): Promise<Planned[]> {
  const messages: LobsterMessage[] = []
  for await (const rows of readMessages(path)) {
    for (const row of rows)
      if (E.isRight(row) && row.right.type <= MessageType.execution) messages.push(row.right)
    if (messages.length >= most) break
  }
  const taken = messages.slice(0, most)
  const [first, last] = [taken[0], taken.at(-1)]
  if (first === undefined || last === undefined) throw new Error(`${path}: no messages to send`)
  const spanNs = Math.max(1, last.timestampNs - first.timestampNs)
  const stretch = ((taken.length / perSecond) * 1e9) / spanNs
  const { symbol } = symbols[0]!
  const open = new Map<number, number>()
  return taken.map((message, at) => ({
    dueNs: (message.timestampNs - first.timestampNs) * stretch,
    client: message.orderId % clients,
    command: commandOf(message, at, symbol, tag, open),
  }))
}

function commandOf(
  { type, orderId, size, price, direction }: LobsterMessage,
  at: number,
  symbol: string,
  tag: string,
  open: Map<number, number>,
): Command {
  const id = `${tag}-${orderId}`
  const text = (price / PRICE_UNIT).toFixed(2)
  if (type === MessageType.submission) {
    open.set(orderId, size)
    const side = direction === 1 ? 'buy' : 'sell'
    return { op: 'new', id, symbol, side, price: text, quantity: String(size) }
  }
  if (type === MessageType.execution) {
    const side = direction === 1 ? 'sell' : 'buy'
    return {
      op: 'new',
      id: `${tag}-x${at}`,
      symbol,
      side,
      price: text,
      quantity: String(size),
      timeInForce: 'IOC',
    }
  }
  const left = (open.get(orderId) ?? 0) - size
  open.set(orderId, left)
  return type === MessageType.partialCancel && left > 0
    ? { op: 'amend', id, symbol, quantity: String(left) }
    : { op: 'cancel', id, symbol }
}
