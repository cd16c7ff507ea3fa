import type { Batch } from '../../book/index.ts'
import type { Market } from '../../pipeline/market.ts'
import { JsonFields } from './json-fields.ts'
import { OrderCommands } from './order-command.ts'
import { OrderFields } from './order-fields.ts'
import type { TextLines } from '../input/text-lines.ts'

/** What makes records of one kind of text. */
export interface RecordReader {
  /** Appends records until the batch holds `upTo`, or until no whole line is left to read. */
  pull(batch: Batch, upTo: number): void
  /** Whether a record is held back until those that it has given have been matched. */
  readonly isHeld: boolean
}

/** Orders as newline-delimited JSON: one object a line, one record a line. */
export class OrderLines implements RecordReader {
  private readonly lines: TextLines
  private readonly fields: OrderFields
  private readonly json: JsonFields
  private readonly commands: OrderCommands

  constructor(lines: TextLines, market: Market) {
    this.lines = lines
    this.fields = new OrderFields()
    this.json = new JsonFields(this.fields)
    this.commands = new OrderCommands(market, this.fields)
  }

  get isHeld(): boolean {
    return this.commands.isHeld
  }

  pull(batch: Batch, upTo: number): void {
    const { commands, lines, fields } = this
    if (batch.count < upTo) commands.resume(batch)
    while (batch.count < upTo && !commands.isHeld && lines.next()) {
      fields.clear()
      if (lines.problem !== undefined) fields.malformed(lines.problem, 0)
      else if (isBlank(lines)) continue
      else this.json.read(lines.text, lines.from, lines.to)
      commands.append(batch, lines.number)
    }
  }
}

/** Whether a line holds nothing but spaces and tabs. */
export function isBlank({ text, from, to }: TextLines): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 9 && code !== 13) return false
  }
  return true
}
