import test from 'ava'
import { concat, NEVER, Observable, take, throwError } from 'rxjs'
import type { Batch } from '../../src/book/index.ts'
import { fromStep } from '../../src/pipeline/island.ts'
import type { Step } from '../../src/pipeline/operator.ts'
import { anyRecords, ended, gateway, inBatches, stepOf, turns } from '../support/streams.ts'

/** A step that keeps count of its records and of how often it was closed. */
class Counting implements Step {
  records = 0
  closes = 0
  private readonly closing: () => Promise<void>

  constructor(closing: () => Promise<void> = () => Promise.resolve()) {
    this.closing = closing
  }

  process(): void {
    this.records++
  }

  close(): Promise<void> {
    this.closes++
    return this.closing()
  }
}

const refuse = (message: string) => () => Promise.reject(new Error(message))

function throwingAt(record: number): Step {
  let seen = 0
  return stepOf(() => {
    if (++seen === record) throw new Error('the step fell over')
  })
}

test('end of an island - it is complete when its steps are closed, and not before', async (t) => {
  const { opened, open } = gateway()
  const step = new Counting(() => opened)
  let isOver = false
  const over = ended(inBatches(anyRecords(1), 1).pipe(fromStep(() => step))).then(() => {
    isOver = true
  })
  await turns()
  t.is(step.closes, 1)
  t.false(isOver)
  open()
  await over
  t.is(step.closes, 1)
})

test('end of an island - an error is told when its steps are closed, and not before', async (t) => {
  const { opened, open } = gateway()
  const step = new Counting(() => opened)
  let told: unknown
  const broken = throwError(() => new Error('the origin broke'))
  const over = ended(broken.pipe(fromStep(() => step))).catch((error: unknown) => {
    told = error
  })
  await turns()
  t.is(step.closes, 1)
  t.is(told, undefined)
  open()
  await over
  t.is((told as Error).message, 'the origin broke')
})

test('end of an island - a step that throws ends it with its error, and the others are closed', async (t) => {
  const before = new Counting()
  const behind = new Counting()
  let delivered = 0
  const island = inBatches(anyRecords(8), 2, 3, 3).pipe(
    fromStep(() => before),
    fromStep(() => throwingAt(4)),
    fromStep(() => behind),
  )
  await t.throwsAsync(ended(island, { next: () => delivered++ }), { message: 'the step fell over' })
  t.deepEqual([before.closes, behind.closes], [1, 1])
  t.deepEqual([before.records, behind.records], [4, 3], 'no record is handled behind the one that failed')
  t.is(delivered, 1)
})

test('end of an island - a step that throws unsubscribes it from its origin', async (t) => {
  let unsubscribed = 0
  const origin = new Observable<Batch>((subscriber) => {
    queueMicrotask(() => subscriber.next(anyRecords(1)))
    return () => unsubscribed++
  })
  await t.throwsAsync(ended(origin.pipe(fromStep(() => throwingAt(1)))))
  t.is(unsubscribed, 1)
})

test('end of an island - who leaves closes its steps, once', async (t) => {
  const step = new Counting()
  await ended(
    concat(inBatches(anyRecords(4), 2, 2), NEVER).pipe(
      fromStep(() => step),
      take(1),
    ),
  )
  await turns()
  t.is(step.closes, 1)
  t.is(step.records, 2)
})

test('end of an island - a step that cannot be closed is its error, and the others are closed', async (t) => {
  const [good, bad] = [new Counting(), new Counting(refuse('the disk is full'))]
  const island = inBatches(anyRecords(1), 1).pipe(
    fromStep(() => bad),
    fromStep(() => good),
  )
  await t.throwsAsync(ended(island), { message: 'the disk is full' })
  t.deepEqual([good.closes, bad.closes], [1, 1])
})

test('end of an island - a close that throws is the same as one that rejects', async (t) => {
  const bad = new Counting(() => {
    throw new Error('the disk is full')
  })
  await t.throwsAsync(ended(inBatches(anyRecords(1), 1).pipe(fromStep(() => bad))), {
    message: 'the disk is full',
  })
})

test('end of an island - what went wrong first is told, not what closing made of it', async (t) => {
  const bad = new Counting(refuse('the disk is full'))
  const broken = throwError(() => new Error('the origin broke'))
  await t.throwsAsync(ended(broken.pipe(fromStep(() => bad))), { message: 'the origin broke' })
})

for (const [how, make] of [
  ['rejects', refuse('no such place')],
  [
    'throws',
    () => {
      throw new Error('no such place')
    },
  ],
] as const)
  test(`end of an island - a maker that ${how} is its error, and steps that were made are closed`, async (t) => {
    const [before, behind] = [new Counting(), new Counting()]
    const origin = new Observable<Batch>(() => t.fail('nothing is read'))
    const island = origin.pipe(
      fromStep(() => before),
      fromStep(make),
      fromStep(async () => behind),
    )
    await t.throwsAsync(ended(island), { message: 'no such place' })
    t.deepEqual([before.closes, behind.closes], [1, 1])
  })

test('end of an island - who leaves before its steps are there closes them when they are', async (t) => {
  const { opened, open } = gateway()
  const step = new Counting()
  const origin = new Observable<Batch>(() => t.fail('nothing is read'))
  const island = origin.pipe(
    fromStep(async () => {
      await opened
      return step
    }),
  )
  island.subscribe().unsubscribe()
  open()
  await turns()
  t.is(step.closes, 1)
})
