/** One band of confidence: what was said, and what came of it. */
export interface ReliabilityBand {
  readonly from: number
  readonly to: number
  readonly rows: number
  readonly meanConfidence: number
  readonly accuracy: number
}

export interface Coverage {
  readonly confidence: number
  /** Share of rows with at least that confidence, and how often they were right. */
  readonly share: number
  readonly accuracy: number
}

export interface Metrics {
  readonly rows: number
  readonly accuracy: number
  /** Macro F1: the mean over the classes. */
  readonly f1: number
  /** Area under the ROC curve; with three classes the mean of each against the others. */
  readonly auc: number
  /** Mean squared error of the chances: with two classes of that of up, with three summed over the classes. */
  readonly brier: number
  readonly logLoss: number
  /** Expected calibration error of the confidence, over 15 bands of equal width. */
  readonly calibrationError: number
  readonly reliability: readonly ReliabilityBand[]
  readonly coverage: readonly Coverage[]
}

const BANDS = 15
const CONFIDENCES = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]

/**
 * Judges predictions.
 * @param chances row by row, one for each class, summing to 1
 * @param classes what each row came to, from 0
 */
export function judge(chances: Float64Array, classes: Uint8Array, classCount: number): Metrics {
  const rows = classes.length
  const said = new Uint8Array(rows)
  const confidence = new Float64Array(rows)
  let right = 0
  let squares = 0
  let loss = 0
  for (let row = 0; row < rows; row++) {
    let best = 0
    for (let each = 0; each < classCount; each++) {
      const chance = chances[row * classCount + each]!
      if (chance > chances[row * classCount + best]!) best = each
      squares += (chance - (classes[row] === each ? 1 : 0)) ** 2
    }
    said[row] = best
    confidence[row] = chances[row * classCount + best]!
    if (best === classes[row]) right++
    loss -= Math.log(Math.max(chances[row * classCount + classes[row]!]!, 1e-12))
  }
  const reliability = bandsOf(confidence, said, classes)
  return {
    rows,
    accuracy: right / rows,
    f1: macroF1(said, classes, classCount),
    auc: meanAuc(chances, classes, classCount),
    brier: squares / rows / (classCount === 2 ? 2 : 1),
    logLoss: loss / rows,
    calibrationError: reliability.reduce(
      (sum, band) => sum + (band.rows / rows) * Math.abs(band.accuracy - band.meanConfidence),
      0,
    ),
    reliability,
    coverage: CONFIDENCES.filter((least) => least >= 1 / classCount).map((least) =>
      coverageAt(least, confidence, said, classes),
    ),
  }
}

function bandsOf(confidence: Float64Array, said: Uint8Array, classes: Uint8Array): ReliabilityBand[] {
  const rows = new Float64Array(BANDS)
  const sums = new Float64Array(BANDS)
  const right = new Float64Array(BANDS)
  for (let row = 0; row < said.length; row++) {
    const band = Math.min(BANDS - 1, Math.floor(confidence[row]! * BANDS))
    rows[band]!++
    sums[band]! += confidence[row]!
    if (said[row] === classes[row]) right[band]!++
  }
  return Array.from(rows, (count, band) => ({
    from: band / BANDS,
    to: (band + 1) / BANDS,
    rows: count,
    meanConfidence: count === 0 ? 0 : sums[band]! / count,
    accuracy: count === 0 ? 0 : right[band]! / count,
  })).filter((band) => band.rows > 0)
}

function coverageAt(
  least: number,
  confidence: Float64Array,
  said: Uint8Array,
  classes: Uint8Array,
): Coverage {
  let rows = 0
  let right = 0
  for (let row = 0; row < said.length; row++) {
    if (confidence[row]! < least) continue
    rows++
    if (said[row] === classes[row]) right++
  }
  return { confidence: least, share: rows / said.length, accuracy: rows === 0 ? 0 : right / rows }
}

function macroF1(said: Uint8Array, classes: Uint8Array, classCount: number): number {
  let sum = 0
  for (let each = 0; each < classCount; each++) {
    let both = 0
    let either = 0
    for (let row = 0; row < said.length; row++) {
      if (said[row] === each && classes[row] === each) both++
      if (said[row] === each) either++
      if (classes[row] === each) either++
    }
    sum += either === 0 ? 0 : (2 * both) / either
  }
  return sum / classCount
}

function meanAuc(chances: Float64Array, classes: Uint8Array, classCount: number): number {
  if (classCount === 2) return auc(chances, classes, 2, 1)
  let sum = 0
  let counted = 0
  for (let each = 0; each < classCount; each++) {
    const area = auc(chances, classes, classCount, each)
    if (Number.isNaN(area)) continue
    sum += area
    counted++
  }
  return counted === 0 ? Number.NaN : sum / counted
}

/**
 * The chance that a row of a class gets a higher chance of it than a row of another class, ties counting half: from the
 * rank sum (Mann and Whitney 1947). Not a number where one of both is empty.
 */
export function auc(chances: Float64Array, classes: Uint8Array, classCount: number, of: number): number {
  const order = Array.from(classes.keys()).sort(
    (a, b) => chances[a * classCount + of]! - chances[b * classCount + of]!,
  )
  let positives = 0
  let rankSum = 0
  for (let from = 0; from < order.length;) {
    const value = chances[order[from]! * classCount + of]!
    let to = from
    let here = 0
    while (to < order.length && chances[order[to]! * classCount + of] === value) {
      if (classes[order[to]!] === of) here++
      to++
    }
    positives += here
    rankSum += here * ((from + 1 + to) / 2)
    from = to
  }
  const negatives = order.length - positives
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}
