import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { RECORD_WORDS, type Batch } from '../../../src/book/index.ts'
import { ingest, match, publish } from '../../../src/operators/index.ts'
import { Market } from '../../../src/pipeline/market.ts'
import { framesOf, readFrameFiles } from '../../../src/transport/file/frame-files.ts'
import { FrameReader, recordsOf } from '../../../src/transport/frame.ts'
import { numbered, ONE } from '../../support/simulated.ts'
import { ended, inBatches } from '../../support/streams.ts'
import { commandFrame, joined } from '../../support/transports.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-frame-files-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const commands = numbered({ seed: 21, orders: 5_000 })

async function given(path: string): Promise<Int32Array> {
  const batches: Batch[] = []
  await ended(ingest(new Market([ONE]), { file: { path } }), { next: (batch) => batches.push(batch.slice()) })
  return joined(batches)
}

for (const name of ['plain.frames', 'packed.frames.gz'])
  test(`frame files - ${name}: events go into files of a size, and come out of them again, in order`, async (t) => {
    const path = join(folder, name, name)
    const market = new Market([ONE])
    const batches: Batch[] = []
    const to = { file: { path, rotateBytes: 100_000 } }
    await ended(
      inBatches(commands, ...Array.from({ length: 50 }, () => 100)).pipe(match(market), publish(market, to)),
      {
        next: (batch) => batches.push(batch.slice()),
      },
    )
    const files = framesOf(path)
    t.true(files.length > 3)
    if (name.startsWith('plain')) for (const file of files) t.true(statSync(file).size < 120_000)
    const words: number[] = []
    const reader = new FrameReader()
    for await (const { bytes, fault } of readFrameFiles(files)) {
      t.is(fault, undefined)
      t.is(reader.read(bytes), undefined)
      for (const word of recordsOf(bytes, reader)) words.push(word)
    }
    t.deepEqual(words, [...joined(batches)])
  })

test('frame files - commands are read from one file or from numbered ones', async (t) => {
  const one = join(folder, 'one.frames')
  writeFileSync(one, '')
  for (let at = 0; at < 5_000; at += 100) appendFileSync(one, commandFrame(commands.words, at, at + 100))
  t.deepEqual(await given(one), commands.words)
  const bytes = readFileSync(one)
  const half = 25 * (64 + 100 * 64)
  writeFileSync(join(folder, 'many-000001.frames'), bytes.subarray(0, half))
  writeFileSync(join(folder, 'many-000002.frames'), bytes.subarray(half))
  t.deepEqual(await given(join(folder, 'many.frames')), commands.words)
})

test('frame files - bytes that are no frame are passed over, and what a crash cut off too', async (t) => {
  const path = join(folder, 'bad.frames')
  const damaged = commandFrame(commands.words, 0, 100)
  damaged[500]! ^= 1
  writeFileSync(
    path,
    Buffer.concat([
      commandFrame(commands.words, 0, 100),
      Buffer.from('some nonsense'),
      commandFrame(commands.words, 100, 200),
      damaged,
      commandFrame(commands.words, 200, 300),
      commandFrame(commands.words, 300, 400).subarray(0, 3_000),
    ]),
  )
  t.deepEqual(await given(path), commands.words.slice(0, 300 * RECORD_WORDS))
  const faults: (string | undefined)[] = []
  for await (const { fault } of readFrameFiles([path])) faults.push(fault)
  t.deepEqual(faults, [undefined, 'magic', undefined, 'checksum', undefined, 'short'])
})

test('frame files - a file that a crash left open is completed, and old ones go', async (t) => {
  const path = join(folder, 'crash', 'log.frames')
  const run = async (keep?: number): Promise<void> => {
    const market = new Market([ONE])
    const to = { file: { path, rotateBytes: 50_000, ...(keep === undefined ? {} : { keep }) } }
    await ended(inBatches(commands, 1_000).pipe(match(market), publish(market, to)))
  }
  await run()
  const [last] = framesOf(path).slice(-1)
  renameSync(last!, `${last}.open`)
  truncateSync(`${last}.open`, 2_000)
  await run(2)
  t.is(framesOf(path).length, 2)
  t.false(readdirSync(join(folder, 'crash')).some((name) => name.endsWith('.open')))
  t.true(framesOf(path)[0]! > last!)
})
