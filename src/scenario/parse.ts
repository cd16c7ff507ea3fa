import { CommandKind, Instruments } from '../book/index.ts'
import { isBookWord, readBook } from './book-line.ts'
import { readCommand, VERB_WORDS } from './commands.ts'
import { readExpected } from './events.ts'
import { DEFAULT_INSTRUMENT, readInstrument } from './instrument-line.ts'
import { Line, oneOf, type ScenarioProblem } from './line.ts'
import { readOrderLine, readOrdersLine } from './query-line.ts'
import type { CommandStep, Scenario, Step } from './scenario.ts'
import { Scope } from './scope.ts'

export interface ParsedScenarios {
  /** Only to be run if there are no problems. */
  readonly scenarios: readonly Scenario[]
  /** In the order of the file, at most one a line. */
  readonly problems: readonly ScenarioProblem[]
}

const TITLE = 'scenario:'
const MARKET_DATA = 'market-data'

/** Reads the scenarios of a file: docs/scenarios.md is the grammar. Never throws. */
export function parseScenarios(file: string, text: string): ParsedScenarios {
  const reader = new FileReader(file)
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((raw, i) => reader.read(new Line(raw, i + 1)))
  reader.finish()
  return reader
}

interface OpenScenario {
  readonly line: Line
  readonly name: string
  readonly steps: Step[]
  /** Its own instruments, once it names one. */
  own: Instruments | undefined
  marketData: boolean
  /** There from its first step on. */
  scope: Scope | undefined
}

class FileReader {
  readonly scenarios: Scenario[]
  readonly problems: ScenarioProblem[]
  private readonly file: string
  private readonly names: Set<string>
  /** Instruments named above the first scenario, for those that name none. */
  private shared: Instruments | undefined
  private open: OpenScenario | undefined
  /** The command that expected events belong to, and the order it is about. */
  private latest: { readonly step: CommandStep; readonly orderName: string } | undefined

  constructor(file: string) {
    this.file = file
    this.scenarios = []
    this.problems = []
    this.names = new Set()
    this.shared = undefined
    this.open = undefined
    this.latest = undefined
  }

  read(line: Line): void {
    const word = line.next
    if (word === undefined) return
    if (word === TITLE) this.begin(line)
    else if (word === 'instrument') this.readInstrument(line)
    else if (this.open === undefined) line.fail(`expected "${TITLE}" and a name first, got "${word}"`)
    else if (word === MARKET_DATA) this.readMarketData(line, this.open)
    else if (word === '>') this.readEvent(line)
    else if (isBookWord(word)) this.readState(line, this.open, readBook)
    else if (word === 'order') this.readState(line, this.open, readOrderLine)
    else if (word === 'open') this.readState(line, this.open, readOrdersLine)
    else if (VERB_WORDS.includes(word)) this.readCommand(line, this.open)
    else line.fail(`expected ${oneOf([...VERB_WORDS, '>', 'book:', 'order', 'open', TITLE])}, got "${word}"`)
    this.note(line)
  }

  finish(): void {
    this.settle()
    const { open } = this
    if (open === undefined) return
    this.open = undefined
    if (open.scope === undefined) {
      const at = { file: this.file, line: open.line.number, column: 1 }
      this.problems.push({ ...at, message: `scenario "${open.name}" has no commands` })
      this.problems.sort((a, b) => a.line - b.line)
      return
    }
    const { line, marketData, name, scope, steps } = open
    this.scenarios.push({ file: this.file, line: line.number, name, scope, marketData, steps })
  }

  private begin(line: Line): void {
    this.finish()
    line.expect(TITLE)
    const name = line.text.slice(TITLE.length).trim()
    if (name === '') line.take('a name')
    else if (this.names.has(name)) line.fail(`another scenario of this file is called "${name}"`)
    this.names.add(name)
    this.open = { line, name, steps: [], own: undefined, marketData: false, scope: undefined }
  }

  private readInstrument(line: Line): void {
    const { open } = this
    if (open?.scope !== undefined) return line.fail('an instrument must stand above the first command')
    line.expect('instrument')
    if (open === undefined) readInstrument(line, (this.shared ??= new Instruments()))
    else readInstrument(line, (open.own ??= new Instruments()))
  }

  private readMarketData(line: Line, open: OpenScenario): void {
    if (open.scope !== undefined) return line.fail(`"${MARKET_DATA}" must stand above the first command`)
    line.expect(MARKET_DATA)
    line.end()
    open.marketData = true
  }

  private readCommand(line: Line, open: OpenScenario): void {
    this.settle()
    const scope = this.scopeOf(open)
    const { command, instrument, name } = readCommand(line, scope)
    const { number, text } = line
    const step: CommandStep = { kind: 'command', line: number, text, command, instrument, expected: [] }
    open.steps.push(step)
    this.latest = { step, orderName: name }
  }

  private readEvent(line: Line): void {
    const { latest, open } = this
    if (latest === undefined || open?.scope === undefined)
      return line.fail('an expected event must stand below its command')
    line.expect('>')
    const expected = readExpected(line, open.scope, latest.step.instrument)
    if (expected !== undefined) latest.step.expected.push(expected)
  }

  /** A line that says what a book or orders are like. */
  private readState(line: Line, open: OpenScenario, read: (line: Line, scope: Scope) => Step): void {
    this.settle()
    open.steps.push(read(line, this.scopeOf(open)))
  }

  /** All that is expected of the latest command has been read: an order that is not refused is known from here on. */
  private settle(): void {
    const { latest, open } = this
    this.latest = undefined
    if (latest === undefined || open?.scope === undefined) return
    const { command, expected, instrument } = latest.step
    const isRefused = expected.some(({ word }) => word === 'rejected')
    const isEntered = command.kind === CommandKind.new || command.kind === CommandKind.replace
    if (!isEntered || isRefused) return
    const { orderId, client = 0 } = command
    open.scope.entered(latest.orderName, { orderId, client, instrument })
  }

  private scopeOf(open: OpenScenario): Scope {
    // A table is empty where its only line was wrong.
    const named = [open.own, this.shared].find((table) => table !== undefined && table.count > 0)
    open.scope ??= new Scope(named ?? new Instruments([DEFAULT_INSTRUMENT]))
    return open.scope
  }

  private note({ fault, number }: Line): void {
    if (fault !== undefined) this.problems.push({ file: this.file, line: number, ...fault })
  }
}
