import { CsvError, parse } from 'csv-parse/sync'
import type { Batch } from '../../book/index.ts'
import type { Market } from '../../pipeline/market.ts'
import { OrderCommands } from './order-command.ts'
import { Field, fieldOf, guessField, OrderFields, quote } from './order-fields.ts'
import { isBlank, type RecordReader } from './order-lines.ts'
import { MAX_LINE_BYTES, type TextLines } from '../input/text-lines.ts'

/** What is wrong with the first row, without which no other can be read. */
export interface HeaderProblem {
  readonly line: number
  readonly column: number
  readonly text: string
}

/** A row in waiting: a line without quotes, the values of one with quotes, or what is wrong with it. */
interface Row {
  readonly line: number
  readonly plain?: string
  readonly values?: readonly string[]
  readonly problem?: string
}

/**
 * Orders as CSV (RFC 4180) under a row that names the columns.
 *
 * A line without a quote in it is split here. From a line with one on, the lines at hand are read by csv-parse,
 * which knows of fields that hold commas and line ends. Where it finds a quote amiss, the line on which that row
 * began is refused alone and reading goes on behind it, so that one bad quote never takes good rows with it.
 */
export class OrderRows implements RecordReader {
  /** Set once the first row is read, if it is no good. */
  headerProblem: HeaderProblem | undefined
  private readonly lines: TextLines
  private readonly fields: OrderFields
  private readonly commands: OrderCommands
  /** The field of each column; undefined before the first row. */
  private places: number[] | undefined
  /** Lines that may be part of one row, and the number of the first of them. */
  private open: string[]
  private openLine: number
  /** Whether the open lines have been read before, and made no whole row. */
  private isTried: boolean
  /** Rows with quotes that have been read and not yet given. */
  private rows: Row[]
  private given: number
  private isProblemGiven: boolean

  constructor(lines: TextLines, market: Market) {
    this.lines = lines
    this.fields = new OrderFields()
    this.commands = new OrderCommands(market, this.fields)
    this.headerProblem = undefined
    this.places = undefined
    this.open = []
    this.openLine = 0
    this.isTried = false
    this.rows = []
    this.given = 0
    this.isProblemGiven = false
  }

  get isHeld(): boolean {
    return this.commands.isHeld
  }

  /** Reads the row that names the columns, if it is there. Returns whether it is known by now, good or bad. */
  readHeader(): boolean {
    const { lines } = this
    while (this.places === undefined && this.headerProblem === undefined && lines.next()) {
      if (lines.problem !== undefined) this.refuseHeader(0, lines.problem)
      else if (!isBlank(lines)) this.takeHeader(lines.text.slice(lines.from, lines.to))
    }
    return this.places !== undefined || this.headerProblem !== undefined
  }

  pull(batch: Batch, upTo: number): void {
    if (this.places === undefined && !this.readHeader()) return
    if (this.headerProblem !== undefined) return this.refuseRows(batch, upTo)
    if (batch.count < upTo) this.commands.resume(batch)
    while (batch.count < upTo && !this.commands.isHeld) {
      if (this.given < this.rows.length) this.give(batch, this.rows[this.given++]!)
      else if (this.open.length > 0 ? !this.readQuoted() : !this.readPlain(batch)) return
    }
  }

  /** Reads one line, or begins on a row with quotes. Returns false if there is no line. */
  private readPlain(batch: Batch): boolean {
    const { lines, fields } = this
    if (!lines.next()) return false
    if (lines.problem === undefined) {
      if (isBlank(lines)) return true
      const text = lines.text.slice(lines.from, lines.to)
      if (text.includes('"')) {
        this.open.push(text)
        this.openLine = lines.number
        this.isTried = false
        return true
      }
      fields.clear()
      this.split(text)
    } else {
      fields.clear()
      fields.malformed(lines.problem, 0)
    }
    this.commands.append(batch, lines.number)
    return true
  }

  private split(text: string): void {
    const places = this.places!
    const { fields } = this
    let from = 0
    let column = 0
    for (;;) {
      const comma = text.indexOf(',', from)
      const end = comma === -1 ? text.length : comma
      if (column < places.length && end > from) {
        const value = text.slice(from, end).trim()
        if (value !== '') fields.set(places[column]!, value, 0, from + 1)
      }
      column++
      if (comma === -1) break
      from = comma + 1
    }
    if (column === places.length) return
    fields.clear() // a value too many or too few may have moved the others: none is to be taken at its word
    fields.malformed(wrongCount(places.length, column), 0)
  }

  /** Reads the open lines and those at hand behind them. Returns false if a row is open and no line is at hand. */
  private readQuoted(): boolean {
    const { lines, open } = this
    this.rows = []
    this.given = 0
    let bytes = lengthOf(open)
    let isDry = false
    let problem: string | undefined
    const before = open.length
    while (bytes <= MAX_LINE_BYTES && problem === undefined && !isDry) {
      if (!lines.next()) isDry = true
      else if (lines.problem !== undefined) problem = lines.problem
      else {
        const line = isBlank(lines) ? '' : lines.text.slice(lines.from, lines.to)
        open.push(line)
        bytes += line.length + 1
      }
    }
    const isLast = problem !== undefined || (isDry && lines.ended)
    if (open.length === before && this.isTried && !isLast) return false
    this.isTried = true
    this.parseOpen(isLast)
    if (problem !== undefined) this.rows.push({ line: lines.number, problem })
    return true
  }

  /** @param isLast whether a row that is open now will never be closed */
  private parseOpen(isLast: boolean): void {
    const { rows } = this
    let left = withoutBlank(this.open)
    while (left.length > 0) {
      const first = this.openLine + this.open.length - left.length
      let read = 0
      const problem = parseRows(left.join('\n'), (values, lines) => {
        const plain = left[read]!
        if (plain.includes('"')) rows.push({ line: first + read, values })
        else if (plain !== '') rows.push({ line: first + read, plain })
        read = lines
      })
      left = left.slice(problem === undefined ? left.length : read)
      if (problem === undefined || (problem === NOT_CLOSED && !isLast && lengthOf(left) <= MAX_LINE_BYTES))
        break
      rows.push({ line: first + read, problem })
      left = withoutBlank(left.slice(1))
    }
    this.openLine += this.open.length - left.length
    this.open = left
  }

  private give(batch: Batch, { line, plain, values = [], problem }: Row): void {
    const { fields } = this
    const places = this.places!
    fields.clear()
    if (problem !== undefined) fields.malformed(problem, 0)
    else if (plain !== undefined) this.split(plain)
    else if (values.length !== places.length) fields.malformed(wrongCount(places.length, values.length), 0)
    else {
      for (const [column, padded] of values.entries()) {
        const value = padded.trim()
        if (value !== '') fields.set(places[column]!, value, 0, 0)
      }
    }
    this.commands.append(batch, line)
  }

  private takeHeader(text: string): void {
    let names: readonly string[] = text.split(',')
    const columns: number[] = []
    if (text.includes('"')) {
      const problem = parseRows(text, (values) => (names = values))
      if (problem !== undefined) return this.refuseHeader(0, problem)
    } else {
      let at = 1
      for (const name of names) {
        columns.push(at + name.length - name.trimStart().length)
        at += name.length + 1
      }
    }
    const places: number[] = []
    for (const [column, padded] of names.entries()) {
      const name = padded.trim()
      const place = fieldOf(name)
      const at = columns[column] ?? 0
      if (place === -1) return this.refuseHeader(at, `unknown column ${quote(name)}${guessField(name)}`)
      if (places.includes(place)) return this.refuseHeader(at, `column ${name} is there twice`)
      places.push(place)
    }
    if (places.includes(Field.id)) this.places = places
    else this.refuseHeader(1, `no column id among the names in the first row, ${quote(text)}`)
  }

  private refuseHeader(column: number, text: string): void {
    this.headerProblem = { line: this.lines.number, column, text }
  }

  /** Without column names no row can be read: the first says why, each of the others that it was not read. */
  private refuseRows(batch: Batch, upTo: number): void {
    const { commands, fields, lines } = this
    const { line, column, text } = this.headerProblem!
    if (!this.isProblemGiven && batch.count < upTo) {
      this.isProblemGiven = true
      fields.clear()
      fields.malformed(text, column)
      commands.append(batch, line)
    }
    while (batch.count < upTo && lines.next()) {
      if (lines.problem === undefined && isBlank(lines)) continue
      fields.clear()
      fields.malformed(`not read, for line ${line} does not name the columns`, 0)
      commands.append(batch, lines.number)
    }
  }
}

const NEWLINE = 10
const NOT_CLOSED = 'quote is not closed'

/**
 * Reads rows until the first that is wrong.
 * @param take is given each row's values and the number of lines read by its end
 * @returns what is wrong with the first row that was not given
 */
function parseRows(
  text: string,
  take: (values: readonly string[], lines: number) => void,
): string | undefined {
  const bytes = Buffer.from(text)
  let lines = 0
  let end = 0
  try {
    parse(bytes, {
      relax_column_count: true,
      record_delimiter: '\n',
      on_record: (values: string[], at) => {
        // Its own count of lines takes a lone return for one.
        for (; end < at.bytes; end++) if (bytes[end] === NEWLINE) lines++
        take(values, lines)
        return null
      },
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const { code } = error
    if (code === 'CSV_QUOTE_NOT_CLOSED') return NOT_CLOSED
    if (code === 'INVALID_OPENING_QUOTE') return 'quote in the middle of a value'
    return 'quote is closed in the middle of a value'
  }
  return undefined
}

/** Characters of lines with their ends. */
function lengthOf(lines: readonly string[]): number {
  return lines.reduce((length, line) => length + line.length + 1, 0)
}

/** Lines from the first that is not blank: a row begins there. */
function withoutBlank(lines: string[]): string[] {
  const first = lines.findIndex((line) => line !== '')
  return first === -1 ? [] : lines.slice(first)
}

function wrongCount(expected: number, got: number): string {
  return `expected ${expected} values, got ${got}`
}
