import test from 'ava'
import { good, parse } from './fixtures/parse.ts'

const variables = { A: 'one', EMPTY: '', 'NOT-A-NAME': 'x' }

const names = (text: string): string[] => [...good(text, { variables }).variables]

test('variables - are put into texts after parsing, so what they hold is never syntax', (t) => {
  const text = 'a: ${A}\nb: "x-${A}-${A}"\nc: ${NONE:-d}\nd: ${EMPTY:-d}\ne: [ "${EMPTY}" ]\n${A}: 1\n'
  t.deepEqual(parse(text, { variables: { ...variables, A: '{x: "' } }), {
    value: { a: '{x: "', b: 'x-{x: "-{x: "', c: 'd', d: 'd', e: [''], '${A}': 1 },
    told: [],
  })
})

test('variables - defaults may hold braces and variables', (t) => {
  t.deepEqual(parse('a: "${B:-md.{symbol}.x}"\nb: ${B:-${A}}\nc: ${B:-${C:-}}', { variables }).value, {
    a: 'md.{symbol}.x',
    b: 'one',
    c: '',
  })
})

test('variables - two dollars escape', (t) => {
  t.deepEqual(parse('a: $${A}\nb: $$ $A $\nc: x$${${A}}', { variables }).value, {
    a: '${A}',
    b: '$$ $A $',
    c: 'x${one}',
  })
})

test('variables - one that is not set is a problem at the value', (t) => {
  t.deepEqual(parse('a: 1\nb: [ x, "${PORT}-${INPUT}" ]\nc: ${constructor:-ok}', { variables }), {
    value: { a: 1, b: ['x', '-'], c: 'ok' },
    told: [
      'f:2:9 b.1: PORT is not set: set it in the environment, or write ${PORT:-default}',
      'f:2:9 b.1: INPUT is not set: pass --input FILE',
    ],
  })
})

test('variables - what is no variable is a problem', (t) => {
  for (const text of ['${A', '${}', '${1A}', '${A-x}', '${NOT-A-NAME}', '${A:?}', '${A:-${'])
    t.deepEqual(
      parse(`"${text}"`, { variables }).told,
      ['f:1:1 expected ${NAME}, ${NAME:-default} or ${file:PATH}; write $${ for a plain ${'],
      text,
    )
  t.true(parse('${A:-'.repeat(50_000), { variables: {} }).told.length > 0)
})

test('variables - the names that a file mentions are known', (t) => {
  t.deepEqual(names('a: ${A}\nb: ${INPUT:-x}\nc: $${NO}\n# ${NO}'), ['A', 'INPUT'])
  t.deepEqual(names('a: 1'), [])
})

test('variables - a text that came from one is shown as it is written', (t) => {
  const document = good('a: ${A}\nb: ${NONE:-plain}', { variables })
  t.is(document.conceal('one'), '${A}')
  t.is(document.conceal('plain'), 'plain')
})
