import test from 'ava'
import * as io from 'io-ts'
import { Batch, newOrder, pushCommand, RejectCode, Side } from '../../src/book/index.ts'
import { CODE } from '../../src/book/record.ts'
import {
  defineOperator,
  defineSource,
  operatorsIn,
  StageError,
  type OperatorSpec,
} from '../../src/pipeline/define-operator.ts'
import { Market } from '../../src/pipeline/market.ts'
import * as option from '../../src/pipeline/option.ts'
import { marbles } from '../../src/testing/index.ts'

const AAPL = { symbol: 'AAPL', tick: '0.01', lot: '1' }
const ORDER = { id: 1, symbol: 'AAPL', side: 'buy', price: 1, quantity: 5 } as const

const refuse = defineOperator({
  name: 'refuse',
  description: 'Refuses all.',
  consumes: 'command',
  options: option.keys({ code: option.wholeNumber({ min: 1, max: 127 }) }, { note: option.text }),
  create: ({ code }) => ({
    process(words, at) {
      words[at + CODE] = code
    },
  }),
})

test('define - an operator is an RxJS operator, and at once: virtual time sees its batches', (t) => {
  const market = new Market([AAPL])
  marbles(({ batches, expectRecords }) => {
    const out = batches(market, '--a|', { a: [ORDER] }).pipe(refuse(market, { code: RejectCode.KILLED }))
    expectRecords(market, out).toBe('--a|', { a: [{ id: '1', code: 'KILLED' }] })
  })
  t.is(refuse.name, 'refuse')
})

test('define - an operator is what a registry holds', async (t) => {
  const { operator } = refuse
  t.deepEqual(
    [operator.name, operator.description, operator.consumes, operator.produces],
    ['refuse', 'Refuses all.', 'command', 'command'],
  )
  const made = await operator.create({ code: 7 }, { id: 'x', market: new Market([AAPL]) })()
  t.true(made._tag === 'Right' && 'process' in made.right)
})

test('define - options of a call are held to the codec', (t) => {
  const market = new Market([AAPL])
  t.throws(() => refuse(market, { code: 0 }), {
    message: /^refuse\.code: expected a whole number from 1 to 127/,
  })
  t.throws(() => refuse(market, { code: 1, cod: 2 } as never), { message: /refuse\.cod: unknown key/ })
})

test('define - a codec of io-ts does as well, and keys that it does not know are refused', (t) => {
  const made = defineOperator({
    name: 'plain',
    consumes: 'event',
    options: io.intersection([io.type({ limit: io.number }), io.partial({ note: io.string })]),
    create: () => ({ process() {} }),
  })
  const told = (value: unknown) => made.operator.options.decode(value)._tag
  t.is(told({ limit: 1 }), 'Right')
  t.is(told({ limit: 1, limt: 2 }), 'Left')
  t.is(told({}), 'Left')
})

const NOTHING = { name: 'x', consumes: 'command', create: () => ({ process() {} }) } as const

const WRONG: readonly (readonly [string, Partial<OperatorSpec<unknown>>, RegExp])[] = [
  ['a name that a file cannot write', { name: '1 x' }, /named by a letter/],
  ['no kind of record', { consumes: 'order' as never }, /consumes and produces are 'command' or 'event'/],
  ['events to commands', { consumes: 'event', produces: 'command' }, /events do not become commands/],
  [
    'an option that every stage has',
    { options: option.keys({ inputs: option.text }) },
    /the key inputs is one that every stage has/,
  ],
]
for (const [what, part, message] of WRONG)
  test(`define - ${what} is refused`, (t) => {
    t.throws(() => defineOperator({ ...NOTHING, ...part }), { instanceOf: TypeError, message })
  })

test('define - what goes wrong while a step is made is told at the stage, at the option if it is known', async (t) => {
  const made = (create: OperatorSpec<unknown>['create'], produces: 'command' | 'event' = 'command') =>
    defineOperator({ ...NOTHING, produces, create }).operator.create(
      {},
      { id: 'x', market: new Market([AAPL]) },
    )()
  const problem = async (...args: Parameters<typeof made>) => {
    const part = await made(...args)
    return part._tag === 'Left' ? part.left : undefined
  }
  t.deepEqual(
    await problem(() => {
      throw new StageError(['file'], 'no such file')
    }),
    { path: ['file'], message: 'no such file' },
  )
  t.deepEqual(await problem(() => Promise.reject(new Error('late'))), { path: [], message: 'late' })
  t.regex((await problem(() => ({}) as never))!.message, /create gave no step/)
  t.regex((await problem(() => ({ process() {} }), 'event'))!.message, /has an output batch/)
})

test('define - a source is an observable of batches, numbered as they enter', async (t) => {
  const three = defineSource({
    name: 'three',
    options: option.keys({}, { lots: option.wholeNumber({ min: 1 }) }),
    create: ({ lots = 1 }) => {
      let left = 3
      return {
        pull(batch: Batch, upTo: number) {
          while (left > 0 && batch.count < upTo) {
            left--
            pushCommand(batch, newOrder({ orderId: left + 1, side: Side.buy, priceTicks: 1, lots }))
          }
          return left > 0
        },
      }
    },
  })
  const market = new Market([AAPL])
  const counts: number[] = []
  await three(market, { lots: 2 }).forEach((batch) => {
    counts.push(batch.count, market.sequence)
  })
  t.deepEqual(counts, [3, 3])
  t.is(three.operator.consumes, undefined)
  t.throws(() => three(market, { lots: 0 }), { message: /three\.lots/ })
})

test('define - the operators of a module are found among its exports, each once', (t) => {
  const { operator } = refuse
  t.deepEqual(operatorsIn({ default: refuse, refuse, operator, other: 7, nothing: undefined, f: () => {} }), [
    operator,
  ])
})
