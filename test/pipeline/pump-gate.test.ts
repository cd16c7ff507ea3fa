import test from 'ava'
import type { Batch } from '../../src/book/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import type { Source } from '../../src/pipeline/operator.ts'
import { observeSource } from '../../src/pipeline/pump.ts'
import { anyRecords, ended, gateway, ListSource, turns } from '../support/streams.ts'

test('pump at the gate - nothing is pulled while it is closed, and the rest when it opens', async (t) => {
  const market = new Market()
  const source = new ListSource(anyRecords(50), [5])
  const full = gateway()
  let batches = 0
  const over = ended(observeSource(source, market), {
    next: () => {
      if (++batches !== 2) return
      market.gate.close()
      full.open()
    },
  })
  await full.opened
  await turns()
  t.is(source.pulls, 2)
  market.gate.open()
  await over
  t.is(source.pulls, 10)
  t.is(market.sequence, 50)
})

test('pump at the gate - one that is closed from the start holds the first batch too', async (t) => {
  const market = new Market()
  market.gate.close()
  const source = new ListSource(anyRecords(1))
  const over = ended(observeSource(source, market))
  await turns()
  t.is(source.pulls, 0)
  market.gate.open()
  await over
  t.is(source.pulls, 1)
})

test('pump at the gate - one that closes again in the same turn lets nothing through', async (t) => {
  const market = new Market()
  market.gate.close()
  const source = new ListSource(anyRecords(1))
  const over = ended(observeSource(source, market))
  await turns()
  market.gate.open()
  market.gate.close()
  await turns()
  t.is(source.pulls, 0)
  market.gate.open()
  await over
})

test('pump at the gate - one that closes while the source has nothing holds what comes then', async (t) => {
  const market = new Market()
  const { opened, open } = gateway()
  const asked = gateway()
  let given = 0
  let isReady = false
  const source: Source = {
    pull: (batch: Batch) => {
      if (!isReady) return true
      given = ++batch.count
      return false
    },
    ready: () => {
      asked.open()
      return opened
    },
  }
  const over = ended(observeSource(source, market))
  await asked.opened
  market.gate.close()
  isReady = true
  open()
  await turns()
  t.is(given, 0)
  market.gate.open()
  await over
  t.is(given, 1)
})

test('pump at the gate - two sinks must both have room', async (t) => {
  const market = new Market()
  const source = new ListSource(anyRecords(2), [1])
  market.gate.close()
  market.gate.close()
  const over = ended(observeSource(source, market))
  market.gate.open()
  await turns()
  t.is(source.pulls, 0)
  market.gate.open()
  await over
  t.is(source.pulls, 2)
})

test('pump at the gate - a stop does not push past it', async (t) => {
  const market = new Market()
  const stop = new AbortController()
  let rest = 2
  const source: Source = {
    pull: (batch: Batch) => {
      batch.count++
      return --rest > 0
    },
    stop: () => {},
  }
  market.gate.close()
  const over = ended(observeSource(source, market, { stop: stop.signal }))
  await turns()
  stop.abort()
  await turns()
  t.is(rest, 2)
  market.gate.open()
  await over
  t.is(market.sequence, 2, 'what was read is given when there is room')
})

test('pump at the gate - who leaves while it is closed closes the source', async (t) => {
  const market = new Market()
  market.gate.close()
  const source = new ListSource(anyRecords(1))
  const subscription = observeSource(source, market).subscribe()
  await turns()
  subscription.unsubscribe()
  await turns()
  t.is(source.closes, 1)
  t.is(source.pulls, 0)
})

for (const [what, source] of [
  [
    'throws',
    (): Source => ({
      pull: () => {
        throw new Error('the file is gone')
      },
    }),
  ],
  [
    'is never ready',
    (): Source => ({ pull: () => true, ready: () => Promise.reject(new Error('the file is gone')) }),
  ],
] as const)
  test(`pump - a source that ${what} is the stream's error, and is closed`, async (t) => {
    let closes = 0
    const close = async (): Promise<void> => {
      closes++
    }
    await t.throwsAsync(ended(observeSource({ ...source(), close }, new Market())), {
      message: 'the file is gone',
    })
    t.is(closes, 1)
  })

test('pump - the stream is complete when its source is closed, and not before', async (t) => {
  const { opened, open } = gateway()
  let isOver = false
  const source: Source = { pull: () => false, close: () => opened }
  const over = ended(observeSource(source, new Market())).then(() => {
    isOver = true
  })
  await turns()
  t.false(isOver)
  open()
  await over
  t.true(isOver)
})

test('pump - a source that cannot be closed is an error', async (t) => {
  const source: Source = { pull: () => false, close: () => Promise.reject(new Error('no such handle')) }
  await t.throwsAsync(ended(observeSource(source, new Market())), { message: 'no such handle' })
})
