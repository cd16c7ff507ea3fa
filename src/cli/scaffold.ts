/** What a new pipeline is made of. */
export interface Scaffold {
  readonly name: string
  readonly from: From
  readonly to: To
}

export const FROMS = ['simulate', 'orders', 'lobster'] as const
export const TOS = ['summary', 'ndjson'] as const
export type From = (typeof FROMS)[number]
export type To = (typeof TOS)[number]

const SOURCES: Readonly<Record<From, string>> = {
  simulate: '{ simulate: { profile: nasdaq-large-tick, seed: 7, orders: 100000 } }',
  orders: "{ orders: { file: '${INPUT:--}' } }",
  lobster: "{ lobster: { messages: '${INPUT:-AAPL_2012-06-21_message.csv}' } }",
}
const SINKS: Readonly<Record<To, string>> = {
  summary: '',
  ndjson: "\n  - id: events\n    operator: publish\n    to: { ndjson: { file: '${OUTPUT:--}' } }\n",
}
const HOW: Readonly<Record<From, string>> = {
  simulate: '',
  orders: ' --input orders.ndjson   (NDJSON or CSV; without it, standard input)',
  lobster: ' --input AAPL_2012-06-21_message.csv',
}

/**
 * A pipeline that validates and runs as it is.
 * @param schema where an editor finds the JSON Schema, from the folder of the file
 */
export function pipelineText({ name, from, to }: Scaffold, schema: string): string {
  return `# yaml-language-server: $schema=${schema}
# Every key is explained by your editor, and in docs/pipelines.md of Millrace.
#   millrace run ${name}.yaml${HOW[from]}
name: ${name}

instruments:
  AAPL: { tick: 0.01, lot: 1, referencePrice: 100.00 }

# Symbols that are not listed are taken as they come, on these terms. Take it out to refuse them.
defaultInstrument: { tick: 0.01, lot: 1 }

stages:
  - id: orders
    operator: ingest
    from: ${SOURCES[from]}

  - id: validate
    operator: validate

  - id: risk
    operator: risk
    limits: { maxOrderLots: 10000 }

  - id: match
    operator: match
${SINKS[to]}
  - id: report
    operator: publish
    inputs: match
    to: summary
`
}

/** A test that passes, and fails when the pipeline does otherwise. */
export function testText({ name }: Scaffold): string {
  return `# What ${name} does with orders, from source to sink, in virtual time.
#   millrace test ${name}.test.yaml
pipeline: ${name}.yaml
tests:
  - name: a buy that crosses trades at the price of the order that waits
    given:
      - { id: s1, client: bob, symbol: AAPL, side: sell, price: 100.05, quantity: 300 }
      - { wait: 5ms }
      - { id: b1, client: ann, symbol: AAPL, side: buy, price: 100.10, quantity: 100 }
    expect:
      events:
        - { event: accepted, id: s1 }
        - { event: accepted, id: b1 }
        - { event: trade, price: 100.05, quantity: 100, maker: s1, taker: b1 }
      rejects: []
      took: 5ms

  - name: an order that is too large is refused by risk
    given:
      - { id: b1, client: ann, symbol: AAPL, side: buy, price: 100.00, quantity: 10001 }
    expect:
      rejects: [RISK_ORDER_SIZE]
`
}
