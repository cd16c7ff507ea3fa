import { options, text } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { Step } from '../../pipeline/operator.ts'
import { entryPoint, type EntryPoint } from './gateway.ts'
import { DEFAULT_ENTRY } from './order-entry-source.ts'

/** What a stage says under `to: { orderEntry: ... }`: which order entry has its answers from here. */
export const orderAnswerOptions = options(
  {},
  { name: text.describe('Of the order entry that the answers are for.', { default: 'orders' }) },
).describe('Answers to the order entry that the orders came in by.')

/** Hands events to the order entry that their commands came in by. */
class OrderAnswers implements Step {
  private readonly point: EntryPoint
  private readonly name: string

  constructor(market: Market, name: string) {
    this.point = entryPoint(market, name)
    this.point.isAnswered = true
    this.name = name
  }

  process(words: Int32Array, at: number): void {
    const { gateway } = this.point
    if (gateway === undefined)
      throw new Error(`order entry: no stage takes orders in from orderEntry ${JSON.stringify(this.name)}`)
    gateway.event(words, at)
  }

  flush(): void {
    this.point.gateway?.flush()
  }

  async close(): Promise<void> {
    this.flush()
    await this.point.gateway?.onEnd()
  }
}

export function orderAnswers(
  market: Market,
  { name = DEFAULT_ENTRY }: { readonly name?: string | undefined },
): Step {
  return new OrderAnswers(market, name)
}
