import * as t from 'io-ts'
import { RECORD_WORDS } from '../../book/index.ts'
import { EventKind, HEAD, headKind } from '../../book/record.ts'
import { shapeOf } from '../../pipeline/codec-shape.ts'
import { flag, oneOf, options, text } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import { apiDoor } from '../../operators/api/door.ts'
import { EventText } from '../../operators/sinks/event-text.ts'
import { ANSWERS } from '../answers.ts'
import { mayAct, type Caller, type Role } from '../keys.ts'
import { HttpProblem, unavailable } from '../problem.ts'
import { decoded, route, type Route } from '../route.ts'

/** A decimal as text, so that nothing is lost on the way, or a number where it is short. */
const amount = t.union([t.string, t.number])
const name = t.union([t.string, t.number])
const described = <C extends t.Mixed>(codec: C, description: string): C =>
  Object.assign(Object.create(codec) as C, { notes: { description } })

const terms = {
  client: described(name, 'Who it is for. A trader key is bound to its client.'),
  symbol: described(text, 'What is traded.'),
  timeInForce: described(oneOf('GTC', 'IOC', 'FOK', 'DAY', 'GTD'), 'By default GTC, of a market order IOC.'),
  price: described(amount, 'Worst price it may trade at; a market order may be without.'),
  stopPrice: described(amount, 'The trade price that triggers a stop.'),
  trail: described(amount, 'The distance of a trailing stop.'),
  display: described(amount, 'How much shows at a time.'),
  hidden: described(flag, 'Whether nothing shows.'),
  postOnly: described(t.union([t.boolean, t.string]), 'true or "reject", or "slide".'),
  allOrNone: described(flag, 'Trades whole at once, or not at once.'),
  minQuantity: described(amount, 'What must trade at once.'),
  reduceOnly: described(flag, 'Only as far as it reduces `position`.'),
  position: described(amount, 'With reduceOnly: what the client holds.'),
  linkedTo: described(name, 'Another live order of the client: one cancels the other.'),
  selfTrade: described(
    oneOf('allow', 'cancel-newest', 'cancel-oldest', 'cancel-both', 'decrement'),
    'By default as the instrument says.',
  ),
  expires: described(t.union([t.string, t.number]), 'Of a GTD order: UTC time, or seconds since 1970.'),
}

const newOrder = options(
  {
    id: described(name, 'The order, unique among all that are live.'),
    side: oneOf('buy', 'sell'),
    quantity: described(amount, 'How much.'),
  },
  { ...terms, type: oneOf('limit', 'market', 'stop', 'stop-limit', 'trailing-stop') },
)
const amended = options(
  {},
  {
    client: terms.client,
    symbol: terms.symbol,
    price: terms.price,
    quantity: described(amount, 'The new total, what has traded included.'),
    stopPrice: terms.stopPrice,
    trail: terms.trail,
  },
)
const orderId = options({ id: text })
const cancelled = options({}, { client: text, symbol: text })
const massCancelled = options({}, { client: text, symbol: text, side: oneOf('buy', 'sell') })

/** What a WebSocket client may send, by `op`: what it takes, and the role that it needs. */
const COMMANDS: Readonly<Record<string, { readonly role: Role; readonly codec: t.Type<object, unknown> }>> = {
  new: { role: 'trader', codec: newOrder },
  amend: { role: 'trader', codec: withId(amended) },
  cancel: { role: 'trader', codec: withId(cancelled) },
  'mass-cancel': { role: 'trader', codec: massCancelled },
  kill: { role: 'risk', codec: options({ client: name }) },
  release: { role: 'risk', codec: options({ client: name }) },
  state: { role: 'operator', codec: options({ state: text }, { symbol: text }) },
}

/** The same keys, and the order's id. */
function withId(codec: t.Mixed): t.Type<object, unknown> {
  const shape = shapeOf(codec)
  if (shape.kind !== 'options') throw new Error('expected options')
  return options({ ...shape.required, id: name }, shape.optional)
}

/**
 * A command of a WebSocket client, held to the same codecs as one over HTTP.
 * @throws HttpProblem 400 that says what is wrong with it and where, or 403
 */
export function commandOf(
  { op = 'new', ...rest }: Readonly<Record<string, unknown>>,
  caller: Caller,
): object {
  const known = typeof op === 'string' && Object.hasOwn(COMMANDS, op) ? COMMANDS[op] : undefined
  if (known === undefined) {
    const message = `expected one of ${Object.keys(COMMANDS).join(', ')}`
    throw new HttpProblem(400, 'Not a valid request', `order.op: ${message}`, [{ path: 'order.op', message }])
  }
  if (!mayAct(caller.role, known.role))
    throw new HttpProblem(403, 'Not allowed', `${op as string} needs the role ${known.role}`)
  return { op, ...decoded(known.codec, rest, 'order') }
}

/** How long an answer may take before the client is told to ask later. */
const ANSWER_MS = 5_000

/** Commands over HTTP: each is answered with all events that it caused. */
export function orderRoutes(market: Market, audit: (caller: Caller, line: string) => void): Route[] {
  const commands = new Commands(market, audit)
  return [
    route({
      method: 'POST',
      path: '/api/orders',
      summary: 'Enter an order',
      tag: 'orders',
      role: 'trader',
      body: newOrder,
      answer: 'The events it caused; `accepted` or `rejected` is the first.',
      schema: ANSWERS.command,
      handle: ({ body, caller }) => commands.send({ op: 'new', ...(body as object) }, caller),
    }),
    route({
      method: 'PATCH',
      path: '/api/orders/{id}',
      summary: 'Amend an order',
      tag: 'orders',
      role: 'trader',
      params: orderId,
      body: amended,
      answer: 'The events it caused; `amended` or `rejected` is the first.',
      schema: ANSWERS.command,
      handle: ({ params, body, caller }) =>
        commands.send({ op: 'amend', id: (params as { id: string }).id, ...(body as object) }, caller),
    }),
    route({
      method: 'DELETE',
      path: '/api/orders/{id}',
      summary: 'Cancel an order',
      tag: 'orders',
      role: 'trader',
      params: orderId,
      query: cancelled,
      answer: 'The events it caused; `cancelled` or `rejected` is the first.',
      schema: ANSWERS.command,
      handle: ({ params, query, caller }) =>
        commands.send({ op: 'cancel', id: (params as { id: string }).id, ...(query as object) }, caller),
    }),
    route({
      method: 'DELETE',
      path: '/api/orders',
      summary: 'Cancel all orders of a client, a symbol, a side',
      tag: 'orders',
      role: 'trader',
      query: massCancelled,
      answer: 'The events it caused; `applied` is the first.',
      schema: ANSWERS.command,
      handle: ({ query, caller }) => commands.send({ op: 'mass-cancel', ...(query as object) }, caller),
    }),
  ]
}

/** The answer to one command. */
export interface Answer {
  readonly isAccepted: boolean
  readonly events: readonly unknown[]
}

/** Sends commands in by the door, in the name of who calls. */
export class Commands {
  private readonly market: Market
  private readonly text: EventText
  private readonly audit: (caller: Caller, line: string) => void

  constructor(market: Market, audit: (caller: Caller, line: string) => void) {
    this.market = market
    this.text = new EventText(market)
    this.audit = audit
  }

  /** @throws HttpProblem 403, 503 or 504 */
  async send(command: object, caller: Caller): Promise<Answer> {
    const door = apiDoor(this.market)
    if (!door.isAnswered) throw unavailable('no stage of the pipeline takes orders from the API')
    const line = JSON.stringify(inNameOf(command, caller))
    this.audit(caller, line)
    const events = await new Promise<Int32Array>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new HttpProblem(504, 'No answer yet', 'the pipeline has not answered in time')),
        ANSWER_MS,
      )
      const isTaken = door.submit(line, (words) => {
        clearTimeout(late)
        resolve(words)
      })
      if (isTaken) return
      clearTimeout(late)
      reject(unavailable('no room for more orders: try again'))
    })
    return this.answerOf(events)
  }

  /** The events of one command as objects. */
  answerOf(words: Int32Array): Answer {
    const events: unknown[] = []
    for (let at = 0; at < words.length; at += RECORD_WORDS) {
      const line = this.text.line(words, at)
      if (line !== '') events.push(JSON.parse(line))
    }
    const isRejected = words.length > 0 && headKind(words[HEAD]!) === EventKind.rejected
    return { isAccepted: !isRejected, events }
  }
}

/** A caller whose key is bound to a client speaks for that client alone. */
function inNameOf(command: object, { client }: Caller): object {
  const { client: asked } = command as { readonly client?: unknown }
  if (client === undefined) return command
  const isOther = typeof asked === 'number' ? String(asked) !== client : asked !== client
  if (asked !== undefined && isOther)
    throw new HttpProblem(403, 'Not allowed', `this key may only act for client ${JSON.stringify(client)}`)
  return { ...command, client }
}
