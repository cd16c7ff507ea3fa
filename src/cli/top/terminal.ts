import type { ReadStream, WriteStream } from 'node:tty'

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const REST_OF_LINE = '\x1b[K'
const REST_OF_SCREEN = '\x1b[J'

/** A full screen of lines, drawn over what was there. What stood on the terminal comes back at the end. */
export class FullScreen {
  private readonly input: ReadStream
  private readonly output: WriteStream
  private readonly onKey: (key: string) => void
  private readonly onResize: () => void
  private isOpen: boolean

  constructor(
    input: ReadStream,
    output: WriteStream,
    { onKey, onResize }: { onKey: (key: string) => void; onResize: () => void },
  ) {
    this.input = input
    this.output = output
    this.onKey = onKey
    this.onResize = onResize
    this.isOpen = false
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.output
    // A terminal that does not say, or says 0, is taken for one of the usual size.
    return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 }
  }

  open(): void {
    this.isOpen = true
    this.output.write(ENTER)
    if (this.input.isTTY) this.input.setRawMode(true)
    this.input.setEncoding('utf8').resume().on('data', this.keys)
    this.output.on('resize', this.onResize)
    process.once('exit', this.close)
  }

  draw(lines: readonly string[]): void {
    if (!this.isOpen) return
    const text = lines.map((line, index) => (index === 0 ? `\x1b[1m${line}\x1b[0m` : line) + REST_OF_LINE)
    this.output.write(HOME + text.join('\r\n') + REST_OF_SCREEN)
  }

  readonly close = (): void => {
    if (!this.isOpen) return
    this.isOpen = false
    process.off('exit', this.close)
    this.output.off('resize', this.onResize)
    this.input.off('data', this.keys).pause()
    if (this.input.isTTY) this.input.setRawMode(false)
    this.output.write(LEAVE)
  }

  private readonly keys = (data: Buffer | string): void => {
    const text = data.toString()
    // An escape sequence is one key.
    if (text.startsWith('\x1b')) this.onKey(text)
    else for (const key of text) this.onKey(key)
  }
}
