import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Instruments } from '../../book/index.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection } from '../../pipeline/operator.ts'
import { type LobsterRow, readMessages, type RowFault } from './messages.ts'
import { RowSource } from './row-source.ts'
import { type LobsterUnits, lobsterUnits } from './units.ts'
import { countLines, LobsterCommands, type LobsterCounts } from './lobster-commands.ts'

export type { LobsterCounts } from './lobster-commands.ts'

export interface LobsterOptions {
  /** The message file, plain or gzip. */
  readonly messages: string
  /** By default what stands in the file's name before the first `_`. */
  readonly symbol?: string | undefined
}

/**
 * Opens a LOBSTER message file as a stream of orders.
 * @returns the source, or in words why the file cannot be read
 */
export function openLobster(market: Market, options: LobsterOptions): TE.TaskEither<string, LobsterSource> {
  const path = options.messages
  return async () => {
    const rows = readMessages(path)
    try {
      const first = await rows.next()
      const units = lobsterUnits(market, path, options.symbol)
      if (E.isRight(units))
        return E.right(new LobsterSource(path, market.instruments, units.right, rows, first))
      await rows.return()
      return units
    } catch (error) {
      return E.left((error as Error).message)
    }
  }
}

/** The orders behind a LOBSTER message file, as commands: see LobsterCommands for what becomes of a message. */
export class LobsterSource extends RowSource<LobsterRow> {
  readonly instrument: number
  private readonly path: string
  private readonly commands: LobsterCommands

  constructor(
    path: string,
    instruments: Instruments,
    units: LobsterUnits,
    reader: AsyncGenerator<readonly LobsterRow[], void>,
    first: IteratorResult<readonly LobsterRow[], void>,
  ) {
    const commands = new LobsterCommands(instruments, units)
    super(commands.output, reader, first)
    this.path = path
    this.instrument = units.instrument
    this.commands = commands
  }

  /** What became of the messages so far. */
  get counts(): Readonly<LobsterCounts> {
    return this.commands.counts
  }

  /** The first rows that could not be read, and where they stand; `counts.malformed` says how many there are. */
  get faults(): readonly RowFault[] {
    return this.commands.faults
  }

  report(): ReportSection {
    const { counts, faults } = this
    return {
      title: 'lobster',
      lines: [
        ...countLines(counts),
        ...faults.map((fault) => `${this.path}:${fault.line}:${fault.column} ${fault.message}`),
      ],
      figures: { ...counts },
    }
  }

  protected add(row: LobsterRow): void {
    this.commands.add(row)
  }

  protected end(): void {
    this.commands.end()
  }
}
