/** JSON Schemas of what routes answer, for the OpenAPI document. Tests hold real answers to them. */

type JsonSchema = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const count = { type: 'integer', minimum: 0 }
const number = { type: 'number' }

function object(
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return { type: 'object', required: Object.keys(required), properties: { ...required, ...optional } }
}

function list(items: JsonSchema, description?: string): JsonSchema {
  return { type: 'array', items, ...(description === undefined ? {} : { description }) }
}

const level = {
  type: 'array',
  description: 'price, quantity, orders',
  prefixItems: [text, text, count],
  minItems: 3,
  maxItems: 3,
}
const event = object(
  {
    event: {
      type: 'string',
      description: '`accepted`, `rejected`, `trade`, `cancelled`, `amended` and so on',
    },
  },
  { id: text, client: text, symbol: text, sequence: count, code: text, price: text, quantity: text },
)
const trade = object({
  match: count,
  sequence: count,
  price: text,
  quantity: text,
  side: { enum: ['buy', 'sell', 'none'] },
})
const alert = object(
  {
    name: text,
    when: text,
    state: { enum: ['ok', 'pending', 'firing', 'resolved'] },
    sinceMs: number,
    fired: count,
  },
  { value: number },
)
const sum = object({ mean: number })

export const ANSWERS = {
  command: object({ isAccepted: { type: 'boolean' }, events: list(event, 'All that it caused, in order') }),
  instruments: list(object({ symbol: text, tick: text, lot: text })),
  book: object(
    { symbol: text, state: count, bids: list(level, 'Best first'), offers: list(level, 'Best first') },
    { last: text },
  ),
  trades: list(trade),
  orders: list(
    object(
      {
        id: text,
        client: text,
        symbol: text,
        side: { enum: ['buy', 'sell'] },
        open: text,
        quantity: text,
        isWaiting: { type: 'boolean' },
      },
      { price: text },
    ),
  ),
  plan: object({
    name: text,
    hasHistory: { type: 'boolean' },
    stages: list(object({ id: text, operator: text, island: text })),
    edges: list(object({ from: text, to: text }, { edge: text, policy: text, capacityRecords: count })),
  }),
  stats: object({
    at: number,
    commands: count,
    trades: count,
    liveOrders: count,
    latencies: list(
      object({ name: text, samples: count, meanNs: number, percentilesNs: list(number), maxNs: number }),
    ),
    gauges: { type: 'object', additionalProperties: number },
    alerts: list(alert),
  }),
  names: list(text),
  points: list(object({ at: number, mean: number, least: number, most: number })),
  comparison: object({ first: sum, second: sum }, { ratio: number }),
  marks: list(object({ at: number, kind: text, text })),
  alerts: object({
    alerts: list(alert),
    degraded: list(object({ gauge: text, now: number, usual: number, score: number })),
  }),
  deadLetters: list(object({ at: text, stage: text, kind: text, cause: text })),
  health: object({ status: { const: 'ok' }, upSeconds: count }),
  ready: object({ status: { const: 'ready' } }),
} as const satisfies Readonly<Record<string, JsonSchema>>
