import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { FEATURE_COUNT } from '../../src/ai/features/feature-list.ts'
import { Calibration } from '../../src/ai/models/calibration.ts'
import { type ModelFile, scorerOf } from '../../src/ai/models/model-file.ts'
import { exportOnnx } from '../../src/ai/onnx/export-onnx.ts'
import { openOnnx } from '../../src/ai/onnx/onnx-session.ts'
import { Message } from '../../src/ai/onnx/protobuf.ts'
import { Dataset } from '../../src/ai/training/dataset.ts'
import { trainModel } from '../../src/ai/training/train.ts'
import { recordInput } from '../../src/cli/ai/record-input.ts'
import { openedFlow } from '../support/flow-rows.ts'
import { shippedModel } from '../support/models.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-onnx-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** Whether the runtime is installed: it is no dependency. Says so where it is not; then the test that asked has passed. */
async function hasRuntime(t: ExecutionContext): Promise<boolean> {
  const name = 'onnxruntime-node'
  try {
    await import(name)
    return true
  } catch {
    t.pass()
    t.log(`not compared: ${name} is not installed (npm install --no-save ${name})`)
    return false
  }
}

/** Every row of a data set through the runtime and inline. Returns the largest difference of a chance. */
async function difference(t: ExecutionContext, model: ModelFile, data: Dataset): Promise<number> {
  const file = join(folder, `${model.id}.onnx`)
  writeFileSync(file, exportOnnx(model))
  const opened = await openOnnx({ file }, FEATURE_COUNT)
  if (E.isLeft(opened)) throw new Error(opened.left)
  const { run, columns, close } = opened.right
  t.is(columns, model.outputs === 1 ? 2 : 3)
  const there = await run(data.features, data.count)
  await close()
  const scorer = scorerOf(model)
  const calibration = new Calibration(model.calibration)
  const scores = new Float64Array(model.outputs)
  const here = new Float64Array(columns)
  let largest = 0
  for (let row = 0; row < data.count; row++) {
    scorer.score(data.features, row * FEATURE_COUNT, scores)
    calibration.chances(scores, 0, here, 0)
    for (let each = 0; each < columns; each++)
      largest = Math.max(largest, Math.abs(here[each]! - there[row * columns + each]!))
  }
  return largest
}

test('onnx - exported models give what inline ones give, to a millionth', async (t) => {
  if (!(await hasRuntime(t))) return
  const data = new Dataset()
  await recordInput(
    await openedFlow({ profile: 'nasdaq-large-tick', seed: 4, orders: 40_000, instruments: 1 }),
    data,
  )
  const train = (kind: ModelFile['kind'], horizon: Parameters<typeof trainModel>[1]['horizon']): ModelFile =>
    trainModel(data, {
      kind,
      horizon,
      seed: 1,
      trees: 20,
      depth: 4,
      name: 'x',
      impact: { perOrderFlow: 0, squareRoot: 0 },
    }).model
  const models = [
    shippedModel('direction').model,
    shippedModel('amzn').model,
    train('logistic', { kind: 'next-move' }),
    train('logistic', { kind: 'events', events: 20 }),
    train('boosted-trees', { kind: 'time', seconds: 10 }),
  ]
  for (const model of models) {
    const largest = await difference(t, model, data)
    t.log(`${model.id}: ${largest.toExponential(1)}`)
    t.true(largest <= 1e-6, `${model.id}: ${largest}`)
  }
})

test('onnx - without the runtime it is said what to install', async (t) => {
  const missing = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' }))
  const opened = await openOnnx({ file: 'm.onnx' }, FEATURE_COUNT, missing)
  t.deepEqual(
    opened,
    E.left(
      'm.onnx: ONNX models run through onnxruntime-node, which is not installed: npm install onnxruntime-node',
    ),
  )
})

test('onnx - a file that is no model is told by its name', async (t) => {
  if (!(await hasRuntime(t))) return
  const file = join(folder, 'none.onnx')
  writeFileSync(file, 'this is no model')
  const opened = await openOnnx({ file }, FEATURE_COUNT)
  t.true(E.isLeft(opened) && opened.left.startsWith(`${file}: `))
})

test('protocol buffers - are encoded as their documentation shows', (t) => {
  t.deepEqual([...new Message().integer(1, 150).finish()], [0x08, 0x96, 0x01])
  t.deepEqual([...new Message().text(2, 'testing').finish()], [0x12, 0x07, ...Buffer.from('testing')])
  t.deepEqual(
    [...new Message().message(3, new Message().integer(1, 150)).finish()],
    [0x1a, 0x03, 0x08, 0x96, 0x01],
  )
  t.deepEqual(
    [...new Message().integer(1, -1).finish()],
    [0x08, ...Array.from({ length: 9 }, () => 0xff), 0x01],
  )
  t.deepEqual([...new Message().float(7, 1.5).finish()], [0x3d, 0, 0, 0xc0, 0x3f])
})
