import test, { type ExecutionContext } from 'ava'
import { timeBins } from '../../src/ai/training/bins.ts'
import { makeCard } from '../../src/ai/training/card.ts'
import { imbalanceCurve } from '../../src/ai/training/curve.ts'
import { Dataset } from '../../src/ai/training/dataset.ts'
import { fitImpact } from '../../src/ai/training/fit-impact.ts'
import { labelRows } from '../../src/ai/training/labels.ts'
import { fitLine } from '../../src/ai/training/regression.ts'
import { trainModel } from '../../src/ai/training/train.ts'
import { recordInput } from '../../src/cli/ai/record-input.ts'
import { dataFile } from '../support/data.ts'
import { openedFlow } from '../support/flow-rows.ts'

let recorded: Dataset | undefined

/** What features saw of AMZN's day; undefined where the data is not at hand. */
async function amznDay(t: ExecutionContext): Promise<Dataset | undefined> {
  const file = dataFile(t, 'lobster/AMZN_L1_message.csv.gz')
  const book = dataFile(t, 'lobster/AMZN_L1_orderbook.csv.gz')
  if (file === undefined || book === undefined) return undefined
  if (recorded === undefined) {
    recorded = new Dataset()
    await recordInput(await openedFlow({ file, book, tick: '0.01' }), recorded)
  }
  return recorded
}

test.serial(
  'order flow truth - AMZN: it explains most of what the mid does in the same 10 seconds, and next to nothing of the next',
  async (t) => {
    const data = await amznDay(t)
    if (data === undefined) return
    const bins = timeBins(data, 0, 10)
    const moves = bins.map(({ moveTicks }) => moveTicks)
    const flow = bins.map(({ flowLots, depthLots }) => flowLots / depthLots)
    const trades = bins.map(({ tradedLots, depthLots }) => tradedLots / depthLots)
    const same = fitLine(flow, moves).rSquared
    const traded = fitLine(trades, moves).rSquared
    const next = fitLine(flow.slice(0, -1), moves.slice(1)).rSquared
    t.log(
      `R2 of ${bins.length} bins: order flow ${same.toFixed(3)}, trades ${traded.toFixed(3)}, order flow for the next bin ${next.toFixed(4)}`,
    )
    t.true(bins.length > 2_200)
    t.true(same > 0.52 && same < 0.62)
    t.true(traded > 0.31 && traded < 0.41)
    t.true(next < 0.02)
    t.true(fitLine(flow, moves).slope > 0)
  },
)

test.serial(
  'order flow truth - AMZN: the fuller the bid queue, the more often the next move is up',
  async (t) => {
    const data = await amznDay(t)
    if (data === undefined) return
    const curve = imbalanceCurve(data, labelRows(data, { kind: 'next-move' }))
    t.log(curve.map(({ from, upShare }) => `${from.toFixed(1)}: ${upShare.toFixed(3)}`).join('  '))
    t.true(curve.every(({ rows }) => rows > 5_000))
    for (const [at, { upShare }] of curve.entries())
      if (at > 0) t.true(upShare > curve[at - 1]!.upShare, `band ${at}`)
    t.true(curve[0]!.upShare < 0.4 && curve.at(-1)!.upShare > 0.6)
  },
)

test.serial(
  'model truth - AMZN: trees tell the next move out of sample as well as was measured before, and mean what they say',
  async (t) => {
    const data = await amznDay(t)
    if (data === undefined) return
    const impact = fitImpact(data, 0)
    const training = trainModel(data, {
      kind: 'boosted-trees',
      horizon: { kind: 'next-move' },
      seed: 1,
      trees: 100,
      depth: 4,
      name: 'amzn',
      impact,
    })
    const about = { inputs: ['AMZN'], digests: [''], instruments: ['AMZN'], tick: '0.01' }
    const {
      test: figures,
      baselines,
      rows,
    } = makeCard(data, training, about, { seed: 1, trained: {}, impact })
    t.log(
      `accuracy ${figures.accuracy.toFixed(3)}, AUC ${figures.auc.toFixed(3)}, Brier ${figures.brier.toFixed(3)}, calibration error ${figures.calibrationError.toFixed(3)}`,
    )
    t.true(rows.test > 10_000)
    t.true(figures.auc >= 0.72)
    t.true(figures.accuracy >= 0.66)
    t.true(figures.calibrationError <= 0.03)
    const alone = baselines['queueImbalance']!
    t.true(alone.auc > 0.6 && alone.auc < 0.64 && alone.accuracy > 0.56 && alone.accuracy < 0.61)
    t.is(baselines['null']!.auc, 0.5)
    const sure = figures.coverage.find(({ confidence }) => confidence === 0.8)!
    t.true(sure.share > 0.08 && sure.share < 0.3 && sure.accuracy > 0.76)
  },
)
