import test from 'ava'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAX_FILE_BYTES, parseDocument, readDocument, readText } from '../../src/pipeline/document.ts'
import { formatProblem, pipelineError, type Problem } from '../../src/pipeline/problem.ts'
import { good, parse, set } from './fixtures/parse.ts'

test('problem - a line has the place, the path inside the stage and the message', (t) => {
  const place = { file: 'pipelines/exchange.yaml', line: 12, column: 7 }
  const message = 'expected a whole number above 0, got "ten"'
  t.is(
    formatProblem({ ...place, path: 'stages.risk.maxOrderLots', message }),
    'pipelines/exchange.yaml:12:7 risk.maxOrderLots: expected a whole number above 0, got "ten"',
  )
  t.is(formatProblem({ ...place, path: 'stages', message: 'm' }), 'pipelines/exchange.yaml:12:7 stages: m')
  t.is(
    formatProblem({ ...place, path: 'stages.0.id', message: 'm' }),
    'pipelines/exchange.yaml:12:7 stages.0.id: m',
  )
  t.is(formatProblem({ ...place, path: '', message: 'm' }), 'pipelines/exchange.yaml:12:7 m')
})

const at = (line: number, column: number): Problem => ({ file: 'f', line, column, path: '', message: 'm' })

test('problem - an error tells each problem once, by position', (t) => {
  t.deepEqual(pipelineError([at(10, 1), at(2, 9), at(2, 1), at(10, 1)]).problems, [
    at(2, 1),
    at(2, 9),
    at(10, 1),
  ])
})

test('document - keys and values know where they stand', (t) => {
  const document = good('name: x\nstages:\n  - id: a\n    limits: { lots: 5 }\n')
  const at = (path: string[], of?: 'key' | 'value') => document.position(path, of)
  t.deepEqual(at(['name']), { file: 'f', line: 1, column: 7 })
  t.deepEqual(at(['name'], 'key'), { file: 'f', line: 1, column: 1 })
  t.deepEqual(at(['stages', '0', 'limits', 'lots']), { file: 'f', line: 4, column: 21 })
  t.deepEqual(at(['stages', '0', 'limits', 'lots'], 'key'), { file: 'f', line: 4, column: 15 })
  t.deepEqual(at(['stages', '0', 'limits', 'none', 'such']), { file: 'f', line: 4, column: 13 })
})

test('document - a stage goes by its id in a path, and by its index where it has none', (t) => {
  const document = good('stages: [{ id: risk }, { id: 7 }, x]\ninstruments: { BRK.B: 1 }')
  const pathOf = (...path: string[]) => document.problem(path, '').path
  t.is(pathOf('stages', '0', 'limits'), 'stages.risk.limits')
  t.is(pathOf('stages', '1', 'limits'), 'stages.1.limits')
  t.is(pathOf('stages', '2'), 'stages.2')
  t.is(pathOf('instruments', 'BRK.B', 'tick'), 'instruments."BRK.B".tick')
})

test('document - JSON is read as well, tabs and escapes included', (t) => {
  const json = '{\r\n\t"a": [1, 2.5e3, true, null],\r\n\t"b": "\\ud83d\\ude00\\/"\r\n}'
  t.deepEqual(parse(json), { value: JSON.parse(json), told: [] })
})

test('document - every JSON text gives what JSON.parse gives', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
      // Variables are put into texts.
      const json = JSON.stringify(value).replaceAll('${', 'x')
      const { value: parsed, told } = parse(json)
      return JSON.stringify(parsed) === json && told.length === 0
    }),
    { numRuns: 1000 },
  )
  t.pass()
})

test('document - an empty file is null, with or without comments', (t) => {
  for (const text of ['', '\n\n', '# nothing\n', '\uFEFF'])
    t.deepEqual(parse(text), { value: null, told: [] })
})

test('document - all syntax errors come at once, with duplicate keys and warnings', (t) => {
  t.deepEqual(parse('a: 1\na: 2\nb: { c: 1\nd: @x\ne: !odd 1\n').told, [
    'f:2:1 a: duplicate key, first on line 1',
    'f:4:1 flow map in block collection must be sufficiently indented and end with a }',
    'f:4:4 plain value cannot start with reserved character @',
    'f:5:4 unresolved tag: !odd',
  ])
})

test('document - a duplicate key is told with its path and the first value stays', (t) => {
  t.deepEqual(parse('b: { c: 1,\n  "c": 2 }'), {
    value: { b: { c: 1 } },
    told: ['f:2:3 b.c: duplicate key, first on line 1'],
  })
})

test('document - a second document and another YAML are refused', (t) => {
  t.deepEqual(parse('a: 1\n---\nb: 2\n').told, ['f:2:1 a second document: a file holds one'])
  t.deepEqual(parse('%YAML 1.1\n---\na: yes\n').told, ['f:1:1 this is read as YAML 1.2, not 1.1'])
})

test('document - a number that a double does not hold is a problem where it stands', (t) => {
  const inexact = [
    '10.000000000000000000001',
    '9007199254740993',
    '1e400',
    '1e-400',
    '0x20000000000001',
    '1' + '0'.repeat(500),
  ]
  for (const text of inexact)
    t.deepEqual(
      parse(`a: 1\nb: ${text}`).told,
      ['f:2:4 b: has more digits than a number holds: write it in quotes'],
      text,
    )
  for (const text of ['.nan', '.inf', '-.INF'])
    t.deepEqual(parse(`b: ${text}`).told, [`f:1:4 b: expected a finite number, got ${text}`])
  const exact: [string, number][] = [
    ['0.10', 0.1],
    ['1.50e3', 1500],
    ['-0', 0],
    ['0x1F', 31],
    ['0o17', 15],
    ['1e23', 1e23],
    ['.5', 0.5],
  ]
  for (const [text, value] of exact) t.deepEqual(parse(`b: ${text}`), { value: { b: value }, told: [] }, text)
})

test('document - a key is what it looks like, number or not', (t) => {
  t.deepEqual(parse('0700: a\nNO: b\n1.50: c\nnull: d').value, {
    '0700': 'a',
    NO: 'b',
    '1.50': 'c',
    null: 'd',
  })
  t.deepEqual(parse('? [a]\n: 1\n: 2').told, [
    'f:1:3 expected a key of plain text',
    'f:3:1 expected a key of plain text',
  ])
})

test('document - aliases and merged maps are expanded, a map keeping what it says itself', (t) => {
  const { value, told } = parse(
    'a: &a { x: 1, y: 2 }\nb: { <<: *a, y: 3 }\nc: { <<: [*a, { z: 4 }] }\nd: [*a]\n',
  )
  t.deepEqual(told, [])
  t.deepEqual(value, { a: { x: 1, y: 2 }, b: { y: 3, x: 1 }, c: { x: 1, y: 2, z: 4 }, d: [{ x: 1, y: 2 }] })
})

test('document - aliases that are not there, go round or multiply are problems', (t) => {
  t.deepEqual(parse('a: *b').told, ['f:1:4 a: there is no &b before this'])
  t.deepEqual(parse('a: &a [*a]').told, ['f:1:8 a.0: *a is within itself'])
  t.deepEqual(parse('a: { <<: 3 }').told, ['f:1:10 a: expected a map to merge'])
  const levels = 'abcdefghij'.split('').map((name, at, all) => {
    const item = at === 0 ? '1' : `*${all[at - 1]}`
    return `${name}: &${name} [${Array.from({ length: 10 }, () => item).join(', ')}]`
  })
  t.deepEqual(parse(levels.join('\n')).told, ['f:4:36 d.7: aliases expand to more than 10000 values'])
  const maps = levels.map((line) => line.replace('[', '{ <<: [').replace(/\]$/, '] }'))
  t.notThrows(() => parse(maps.join('\n')))
})

test('document - nesting without end is a problem, not an overflow', (t) => {
  for (const opening of ['[', '{a: ', '- ', '? ', '{? ', '[a: '])
    t.regex(parse(opening.repeat(50_000)).told.join('\n'), /^f:1:\d+ nested more than 100 deep$/, opening)
  const chain = Array.from({ length: 60 }, (_, at) => `k${at}: &k${at} [[[${at === 0 ? 1 : `*k${at - 1}`}]]]`)
  t.regex(parse(chain.join('\n')).told.join(), /nested more than 100 deep/)
})

test('document - keys of every object are plain keys', (t) => {
  const text = '__proto__: { polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }'
  const { value, told } = set(
    text,
    '__proto__.more=1',
    'constructor.prototype.more=1',
    'a.__proto__.polluted=1',
  )
  t.deepEqual(told, [])
  t.is(
    JSON.stringify(value),
    '{"__proto__":{"polluted":1,"more":1},"constructor":{"prototype":{"polluted":1,"more":1}},"a":{"__proto__":{"polluted":1}}}',
  )
  t.is(({} as Record<string, unknown>)['polluted'], undefined)
  t.is(({} as Record<string, unknown>)['more'], undefined)
  t.is(Object.getPrototypeOf(value), Object.prototype)
})

test('files - what cannot be read says why', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-document-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const told = async (name: string, content?: string | Uint8Array): Promise<string> => {
    const path = join(directory, name)
    if (content !== undefined) await writeFile(path, content)
    const read = await readText(path)()
    return E.isLeft(read) ? read.left.problems.map(formatProblem).join().replace(`${path}:`, '') : 'good'
  }
  t.is(await told('absent'), '1:1 no such file')
  t.is(await told('.'), '1:1 a directory, not a file')
  t.is(await told('latin-1', Uint8Array.of(0x61, 0xe9, 0x0a)), '1:1 not UTF-8 text')
  t.is(
    await told('large', '#'.repeat(MAX_FILE_BYTES + 1)),
    '1:1 larger than the 4 MiB that a pipeline file may be',
  )
  t.is(await told('largest', '#'.repeat(MAX_FILE_BYTES)), 'good')
  await writeFile(join(directory, 'bom'), '\uFEFFname: x')
  const document = await readDocument(join(directory, 'bom'))()
  t.deepEqual(E.isRight(document) && document.right.value, { name: 'x' })
  t.is(E.isRight(document) && document.right.position(['name']).column, 7)
})

test('document - no bytes and no override make it throw', (t) => {
  const piece = fc.constantFrom(
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '&a ',
    '*a',
    '<<',
    '!x ',
    '? ',
    '|',
    '>',
    '#',
    '---\n',
    '%',
    '${',
    '${A}',
    '$',
    '1e9',
    '\t',
    '\r',
    '\u0000',
    '=',
    '.',
  )
  const texts = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => new TextDecoder().decode(bytes)),
  )
  fc.assert(
    fc.property(texts, texts, (text, override) => {
      const document = parseDocument('f', text, {
        variables: { A: 'one' },
        overrides: [override, `a.b=${override}`, `"${text}"=1`],
      })
      const problems = E.isLeft(document) ? document.left.problems : document.right.problems
      for (const { line, column, message } of problems)
        if (line < 1 || column < 1 || message === '') return false
      return E.isRight(document) ? JSON.stringify(document.right.value) !== undefined : problems.length > 0
    }),
    { numRuns: 3000 },
  )
  t.pass()
})
