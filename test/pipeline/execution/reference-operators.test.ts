import test from 'ava'
import { TestScheduler } from 'rxjs/testing'
import { filter, map } from 'rxjs'
import { RECORD_WORDS, type Batch } from '../../../src/book/index.ts'
import { LOTS } from '../../../src/book/record.ts'
import { mergeInSequence, stageOperator } from '../../../src/pipeline/execution/reference-operators.ts'
import { anyRecords, sequencesOf, stepOf } from '../../support/streams.ts'
import { copying } from '../fixtures/run.ts'

/** A record of each sequence, by letter: `a` is 1. */
const records = anyRecords(5)
const RECORD: Record<string, Batch> = Object.fromEntries(
  'abcde'.split('').map((letter, i) => {
    const single = anyRecords(1)
    single.words.set(records.words.subarray(i * RECORD_WORDS, (i + 1) * RECORD_WORDS))
    return [letter, single]
  }),
)
const letterOf = (batch: Batch): string => 'abcde'[sequencesOf(batch)[0]! - 1]!

function marbles(t: { deepEqual: (a: unknown, b: unknown) => void }): TestScheduler {
  return new TestScheduler((actual, expected) => t.deepEqual(actual, expected))
}

test('reference - a stage gives what it makes of a record when the record comes', (t) => {
  marbles(t).run(({ hot, expectObservable }) => {
    const raised = stepOf((words, at) => {
      words[at + LOTS] = 9
    })
    expectObservable(
      hot('-a--b-|', RECORD).pipe(
        stageOperator(raised),
        map((batch) => `${letterOf(batch)}${batch.words[LOTS]}`),
      ),
    ).toBe('-x--y-|', { x: 'a9', y: 'b9' })
  })
})

test('reference - what a stage makes of one record comes out before the next goes in', (t) => {
  const seen: string[] = []
  marbles(t).run(({ hot, flush }) => {
    hot('-a--b-|', RECORD)
      .pipe(stageOperator(copying(2)))
      .subscribe((batch) => seen.push(letterOf(batch)))
    flush()
  })
  t.deepEqual(seen, ['a', 'a', 'b', 'b'])
})

test('reference - streams come together by sequence; of one sequence, the first named goes first', (t) => {
  const seen: string[] = []
  marbles(t).run(({ hot, expectObservable, flush }) => {
    const left = hot(' ---a---c--|', RECORD).pipe(map((batch) => tagged(batch, 1)))
    const right = hot('-a---b---d-|', RECORD).pipe(map((batch) => tagged(batch, 2)))
    const merged = mergeInSequence([left, right])
    merged.subscribe((batch) => seen.push(`${letterOf(batch)}${batch.words[LOTS]}`))
    // Nothing of a sequence goes on before one of a higher sequence, or the end, has come.
    expectObservable(
      merged.pipe(
        map(letterOf),
        filter((letter) => letter !== 'a'),
      ),
    ).toBe('-------b-c-(d|)')
    flush()
  })
  t.deepEqual(seen, ['a1', 'a2', 'b2', 'c1', 'd2'])
})

function tagged(batch: Batch, tag: number): Batch {
  const copy = batch.slice()
  copy.words[LOTS] = tag
  return copy
}
