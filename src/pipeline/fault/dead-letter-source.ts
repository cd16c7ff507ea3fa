import { type Batch, RECORD_WORDS } from '../../book/index.ts'
import { thousands } from '../../telemetry/text-table.ts'
import type { Market } from '../market.ts'
import type { ReportSection, Source } from '../operator.ts'
import { renumber, type DeadLetter, type ReadLetters } from './dead-letters.ts'

interface Waiting {
  readonly words: Int32Array
  readonly letter: DeadLetter
}

/** Commands among dead letters, by the sequence in which they first came, as a source. */
export class DeadLetterSource implements Source {
  private readonly market: Market
  private readonly waiting: readonly Waiting[]
  private readonly events: number
  private next = 0
  private untraded = 0

  constructor(market: Market, files: readonly ReadLetters[]) {
    const all = files.flatMap(({ letters, records }) =>
      letters.map((letter, index) => ({
        letter,
        words: records.words.slice(index * RECORD_WORDS, (index + 1) * RECORD_WORDS),
      })),
    )
    this.market = market
    this.waiting = all.filter(({ letter }) => letter.kind === 'command')
    this.events = all.length - this.waiting.length
  }

  pull(batch: Batch, upTo: number): boolean {
    while (batch.count < upTo && this.next < this.waiting.length) {
      const { words, letter } = this.waiting[this.next++]!
      const at = batch.count * RECORD_WORDS
      batch.words.set(words, at)
      if (renumber(this.market, letter, batch.words, at)) batch.count++
      else this.untraded++
    }
    return this.next < this.waiting.length
  }

  report(): ReportSection {
    const { next, untraded, events } = this
    const lines = [`dead letters sent again: ${thousands(next - untraded)} commands`]
    if (untraded > 0) lines.push(`  not sent, as their symbol is not traded here: ${thousands(untraded)}`)
    if (events > 0) lines.push(`  not sent, as they are events: ${thousands(events)}`)
    return { title: 'deadLetters', lines, figures: { sent: next - untraded, untraded, events } }
  }
}

/** A source that has nothing. */
export class Nothing implements Source {
  pull(): boolean {
    return false
  }
}
