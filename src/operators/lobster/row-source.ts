import { type Batch, RECORD_WORDS } from '../../book/index.ts'
import type { ReportSection, Source } from '../../pipeline/operator.ts'

/** Rows of files as they are read, and the commands that they lead to. Read as it is asked for, so files may be of any size. */
export abstract class RowSource<Row> implements Source {
  /** Where `add` puts commands. */
  private readonly output: Batch
  private readonly reader: AsyncGenerator<readonly Row[], void>
  private rows: readonly Row[]
  private nextRow: number
  /** Records of `output` that were given already. */
  private given: number
  private ended: boolean
  private loading: Promise<void> | undefined

  /** @param first what the reader has given already */
  constructor(
    output: Batch,
    reader: AsyncGenerator<readonly Row[], void>,
    first: IteratorResult<readonly Row[], void>,
  ) {
    this.output = output
    this.reader = reader
    this.rows = first.done === true ? [] : first.value
    this.nextRow = 0
    this.given = 0
    this.ended = first.done === true
    this.loading = undefined
  }

  pull(batch: Batch, upTo: number): boolean {
    for (;;) {
      this.give(batch, upTo)
      if (batch.count >= upTo) return true
      if (!this.makeMore()) return !this.ended
    }
  }

  /** Resolves when more rows have been read, or there are no more; rejects where they cannot be read. */
  ready(): Promise<void> {
    this.loading ??= this.load()
    return this.loading
  }

  stop(): void {
    this.ended = true
  }

  async close(): Promise<void> {
    this.ended = true
    await this.reader.return()
  }

  /** How the rows add up to the commands. */
  abstract report(): ReportSection

  /** Appends the commands that a row leads to. */
  protected abstract add(row: Row): void

  /** Appends what was held back until the last row. */
  protected abstract end(): void

  private give(batch: Batch, upTo: number): void {
    const { output } = this
    const count = Math.min(upTo - batch.count, output.count - this.given)
    if (count <= 0) return
    const from = this.given * RECORD_WORDS
    batch.words.set(output.words.subarray(from, from + count * RECORD_WORDS), batch.count * RECORD_WORDS)
    batch.count += count
    this.given += count
  }

  /** Turns rows at hand into commands, once the last ones have been given. Returns false if there are none. */
  private makeMore(): boolean {
    const { output } = this
    if (this.given < output.count) return true
    output.count = 0
    this.given = 0
    while (output.count === 0 && this.nextRow < this.rows.length) this.add(this.rows[this.nextRow++]!)
    if (output.count === 0 && this.ended) this.end()
    return output.count > 0
  }

  private async load(): Promise<void> {
    if (this.nextRow >= this.rows.length && !this.ended) {
      const next = await this.reader.next()
      if (next.done === true) this.ended = true
      // Stopped meanwhile: what has only just been read is no longer part of the stream.
      else if (!this.ended) {
        this.rows = next.value
        this.nextRow = 0
      }
    }
    this.loading = undefined
  }
}
