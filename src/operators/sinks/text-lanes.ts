import { CLIENT, EventKind, HEAD, headKind, INSTRUMENT, MAKER_CLIENT } from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import { EVENT_NAMES, fillTemplate, placeholdersOf } from '../../transport/subjects.ts'
import { EventText } from './event-text.ts'

export interface TextLaneOptions {
  readonly template: string
  readonly symbol: (instrument: number) => string
  readonly client: (client: number) => string
  readonly partition?: number | undefined
  readonly kinds?: ReadonlySet<number> | undefined
  readonly send: (subject: string, line: Uint8Array) => void
}

/** The JSON twin of EventLanes: one message for each event, at the same subjects. */
export class TextLanes {
  records: number
  private readonly options: TextLaneOptions
  private readonly text: EventText
  private readonly byClient: boolean

  constructor(market: Market, options: TextLaneOptions) {
    this.records = 0
    this.options = options
    this.text = new EventText(market)
    this.byClient = placeholdersOf(options.template).has('client')
  }

  push(words: Int32Array, at: number): void {
    const { kinds, send } = this.options
    const kind = headKind(words[at + HEAD]!)
    if (kinds !== undefined && !kinds.has(kind)) return
    const line = this.text.line(words, at)
    if (line === '') return
    const bytes = Buffer.from(line.slice(0, -1))
    const client = words[at + CLIENT]! >>> 0
    this.records++
    send(this.subject(client, kind, words[at + INSTRUMENT]!), bytes)
    if (!this.byClient || kind !== EventKind.trade) return
    const maker = words[at + MAKER_CLIENT]! >>> 0
    if (maker !== client) send(this.subject(maker, kind, words[at + INSTRUMENT]!), bytes)
  }

  private subject(client: number, kind: number, instrument: number): string {
    const { template, symbol, client: name, partition = 0 } = this.options
    return fillTemplate(template, {
      symbol: symbol(instrument),
      client: name(client),
      kind: EVENT_NAMES[kind]!,
      partition: String(partition),
    })
  }
}
