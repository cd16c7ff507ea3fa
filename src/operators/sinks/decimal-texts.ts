const SLOTS = 4_096

/**
 * Prices or quantities as text, the recent ones kept: an instrument's flow comes back to the same few, and finding
 * one is cheaper than making it. A table of one slot for each hash: what comes last stays.
 */
export class DecimalTexts {
  private readonly format: (instrument: number, steps: number) => string
  private readonly instruments: Int32Array
  private readonly steps: Int32Array
  private readonly texts: string[]

  /** @param format makes the text of an instrument's ticks or lots */
  constructor(format: (instrument: number, steps: number) => string) {
    this.format = format
    this.instruments = new Int32Array(SLOTS).fill(-1)
    this.steps = new Int32Array(SLOTS)
    this.texts = Array.from({ length: SLOTS }, () => '')
  }

  text(instrument: number, steps: number): string {
    const slot = (steps ^ Math.imul(instrument, 0x9e37_79b1)) & (SLOTS - 1)
    if (this.instruments[slot] === instrument && this.steps[slot] === steps) return this.texts[slot]!
    const text = this.format(instrument, steps)
    this.instruments[slot] = instrument
    this.steps[slot] = steps
    this.texts[slot] = text
    return text
  }
}
