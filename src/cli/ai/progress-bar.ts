const WIDTH = 30
/** In a pipe a line is written for each tenth of the work. */
const TENTHS = 10

/** Shows how far a piece of work is: a bar drawn over itself on a terminal, a line for each tenth in a pipe. */
export class ProgressBar {
  private readonly out: NodeJS.WriteStream
  private readonly isQuiet: boolean
  private title: string
  private shown: number

  constructor(isQuiet: boolean, out: NodeJS.WriteStream = process.stderr) {
    this.out = out
    this.isQuiet = isQuiet
    this.title = ''
    this.shown = -1
  }

  /** @param share done, from 0 to 1 */
  show(title: string, share: number): void {
    if (this.isQuiet) return
    if (title !== this.title) {
      this.end()
      this.title = title
      this.shown = -1
    }
    const step = Math.floor(share * (this.out.isTTY ? WIDTH : TENTHS))
    if (step === this.shown) return
    this.shown = step
    const percent = `${String(Math.round(share * 100)).padStart(3)}%`
    if (!this.out.isTTY) this.out.write(`${title} ${percent}\n`)
    else
      this.out.write(`\r${title.padEnd(24)} ${'#'.repeat(step)}${'.'.repeat(WIDTH - step)} ${percent}\x1b[K`)
  }

  /** Ends the line that is drawn over. */
  end(): void {
    if (!this.isQuiet && this.out.isTTY && this.shown >= 0) this.out.write('\n')
  }
}
