import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { ModelCard } from '../../src/ai/training/card.ts'
import { millrace } from '../support/cli.ts'
import { tinyDay } from '../support/flow-rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-train-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const day = tinyDay(9_000)
const messages = join(folder, 'XYZ_message.csv')
writeFileSync(messages, day.messages)
writeFileSync(join(folder, 'XYZ_orderbook.csv'), day.book)

const written = (name: string): Buffer[] =>
  ['.json', '.card.json', '.card.md'].map((end) => readFileSync(join(folder, name + end)))

test('train - the same command on the same files gives the same bytes, and another seed another model', async (t) => {
  const train = (out: string, ...more: string[]) =>
    millrace(['train', '--input', messages, '--out', join(folder, out, 'm.json'), '--trees', '15', ...more])
  const first = await train('a')
  t.is(first.code, 0, first.stderr)
  t.is((await train('b')).code, 0)
  t.deepEqual(written('a/m'), written('b/m'))
  t.is((await train('c', '--seed', '2')).code, 0)
  t.notDeepEqual(written('a/m')[0], written('c/m')[0])
  t.regex(first.stderr, /training 100%/)
  t.regex(
    first.stdout,
    /m-[0-9a-f]{8}: accuracy 0\.\d{3}, F1 0\.\d{3}, AUC 0\.\d{3}, Brier 0\.\d{3}, calibration error 0\.\d{3}/,
  )
})

test('train - the card adds up, and a queue that foretells the move is found', async (t) => {
  const out = join(folder, 'card')
  const { code, stdout, stderr } = await millrace([
    'train',
    '--input',
    messages,
    '--out',
    `${out}.json`,
    '--kind',
    'logistic',
    '--format',
    'json',
    '--quiet',
  ])
  t.is(code, 0, stderr)
  t.is(stderr, '')
  const card = JSON.parse(stdout) as ModelCard
  t.deepEqual(card, JSON.parse(readFileSync(`${out}.card.json`, 'utf8')))
  const { rows, test: figures } = card
  t.is(rows.train + rows.validation + rows.test + rows.embargoed + rows.unlabelled, rows.all)
  t.is(
    figures.reliability.reduce((sum, band) => sum + band.rows, 0),
    rows.test,
  )
  t.true(figures.auc > 0.6, String(figures.auc))
  t.true(figures.auc > card.baselines['null']!.auc)
  t.true(card.data.digests[0]!.length > 64)
  const text = readFileSync(`${out}.card.md`, 'utf8')
  for (const part of ['## Data', '## Reliability', '## Coverage', '## Market impact', 'XYZ_message.csv'])
    t.true(text.includes(part), part)
})

test('train - horizons in events and in time have three classes', async (t) => {
  for (const horizon of ['20 events', '5 s']) {
    const out = join(folder, 'h')
    const { code, stderr } = await millrace([
      'train',
      '--input',
      messages,
      '--out',
      out,
      '--kind',
      'logistic',
      '--horizon',
      horizon,
      '--quiet',
    ])
    t.is(code, 0, stderr)
    const card = JSON.parse(readFileSync(`${out}.card.json`, 'utf8')) as ModelCard
    t.deepEqual(Object.keys(card.classShares), ['down', 'flat', 'up'])
    t.is(card.horizon, horizon)
  }
})

test('train - learns from the embedded generator, and writes ONNX where it is asked to', async (t) => {
  const out = join(folder, 'sim.json')
  const onnx = join(folder, 'sim.onnx')
  const { code, stderr } = await millrace([
    'train',
    '--simulate',
    'nasdaq-small-tick',
    '--orders',
    '30000',
    '--instruments',
    '1',
    '--kind',
    'logistic',
    '--out',
    out,
    '--onnx',
    onnx,
    '--quiet',
  ])
  t.is(code, 0, stderr)
  t.true(readFileSync(onnx).includes('MatMul'))
})

test('train - what cannot be read is told, with its place', async (t) => {
  const out = ['--out', join(folder, 'none.json'), '--quiet']
  const missing = await millrace(['train', '--input', join(folder, 'NO_message.csv'), ...out])
  t.is(missing.code, 66)
  t.regex(missing.stderr, /NO_message\.csv: no such file/)
  const short = join(folder, 'SHORT_message.csv')
  writeFileSync(short, day.messages.split('\n').slice(0, 50).join('\n'))
  writeFileSync(join(folder, 'SHORT_orderbook.csv'), day.book.split('\n').slice(0, 50).join('\n'))
  const few = await millrace(['train', '--input', short, ...out])
  t.is(few.code, 65)
  t.regex(few.stderr, /at least 500 rows in each part/)
  const torn = join(folder, 'TORN_message.csv')
  writeFileSync(torn, day.messages)
  writeFileSync(join(folder, 'TORN_orderbook.csv'), day.book.split('\n').slice(0, 50).join('\n'))
  const uneven = await millrace(['train', '--input', torn, ...out])
  t.is(uneven.code, 66)
  t.regex(uneven.stderr, /TORN_orderbook\.csv ends after 50 rows/)
  const bad = join(folder, 'BAD_message.csv')
  writeFileSync(bad, day.messages.replace('\n', '\nrubbish\n'))
  writeFileSync(join(folder, 'BAD_orderbook.csv'), `${day.book.split('\n')[0]}\n${day.book}`)
  const told = await millrace(['train', '--input', bad, '--kind', 'logistic', ...out])
  t.regex(told.stderr, /BAD_message\.csv:2:\d+ expected 6 columns, got 1/)
})

test('train - options are checked', async (t) => {
  const out = ['--out', join(folder, 'none.json')]
  for (const args of [
    [],
    ['--input', messages, '--horizon', 'soon'],
    ['--simulate', 'nyse'],
    ['--input', messages, '--tick', '0'],
    ['--input', messages, '--simulate', 'nasdaq-large-tick'],
  ])
    t.is((await millrace(['train', ...args, ...out])).code, 64, args.join(' '))
})
