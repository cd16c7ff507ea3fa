const BANDS = 10

/**
 * How true the chances of late were: of the latest outcomes the calibration error of the confidence over ten bands, and
 * how often the class named came. Worked out in one pass when asked; an outcome costs two counts.
 */
export class Quality {
  private readonly window: number
  /** For each outcome in the window: its band, and 16 more if the class named came. */
  private readonly ring: Uint8Array
  private readonly confidences: Float32Array
  private added: number
  private readonly rows: Float64Array
  private readonly right: Float64Array

  constructor(window: number) {
    this.window = window
    this.ring = new Uint8Array(window)
    this.confidences = new Float32Array(window)
    this.added = 0
    this.rows = new Float64Array(BANDS)
    this.right = new Float64Array(BANDS)
  }

  /** @param confidence of the class that was named */
  add(confidence: number, isRight: boolean): void {
    const at = this.added % this.window
    if (this.added >= this.window) {
      const gone = this.ring[at]!
      this.rows[gone & 15]!--
      if (gone >= 16) this.right[gone & 15]!--
    }
    const band = Math.min(BANDS - 1, Math.floor(confidence * BANDS))
    this.ring[at] = isRight ? band + 16 : band
    this.confidences[at] = confidence
    this.rows[band]!++
    if (isRight) this.right[band]!++
    this.added++
  }

  /** Outcomes in the window. */
  get outcomes(): number {
    return Math.min(this.added, this.window)
  }

  /** Share of the window whose class named came; 0 before the first outcome. */
  get accuracy(): number {
    const right = this.right.reduce((sum, each) => sum + each, 0)
    return this.outcomes === 0 ? 0 : right / this.outcomes
  }

  /** Expected calibration error over the window. */
  get calibrationError(): number {
    const sums = new Float64Array(BANDS)
    for (let at = 0; at < this.outcomes; at++) sums[this.ring[at]! & 15]! += this.confidences[at]!
    let error = 0
    for (let band = 0; band < BANDS; band++) error += Math.abs(this.right[band]! - sums[band]!)
    return this.outcomes === 0 ? 0 : error / this.outcomes
  }
}
