import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import test from 'ava'
import { registry } from '../src/operators/registry.ts'
import { decodeDefinition } from '../src/pipeline/definition.ts'
import { formatProblem } from '../src/pipeline/problem.ts'
import { millrace, root } from './support/cli.ts'
import { anchorsOf, commandsOf, fencesOf, markdownFiles, proseOf, type Fence } from './support/markdown.ts'

const files = markdownFiles()
const shown = files.filter((file) => !file.includes('/') || file.startsWith('docs/'))
const fences = shown.flatMap(fencesOf)
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

/** The commands that a document shows, each with where it stands. */
const commands = fences
  .filter(({ language }) => language === 'sh')
  .flatMap((fence) => commandsOf(fence).map((words) => ({ where: `${fence.file}:${fence.line}`, words })))

test('docs - every npm command names a script that there is', (t) => {
  const own = ['ci', 'install', 'i', 'pack', 'publish', 'help']
  const named = commands.flatMap(({ where, words: [program, verb, script] }) => {
    if (program !== 'npm' || own.includes(verb!)) return []
    return [{ where, script: verb === 'run' ? script! : verb! }]
  })
  t.true(named.length >= 2)
  for (const { where, script } of named) t.true(Object.hasOwn(scripts, script), `${where}: npm ${script}`)
})

test('docs - npm scripts that are named in the text are there too', (t) => {
  for (const file of shown) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, script] of text.matchAll(/\bnpm run ([\w:-]+)/g))
      t.true(Object.hasOwn(scripts, script!), `${file}: npm run ${script}`)
  }
})

/** The options that a command has, and whether each takes a value. */
async function optionsOf(command: string): Promise<Map<string, boolean>> {
  const { stdout } = await millrace([command, '--help'])
  const lines = stdout.matchAll(/^ +(?:-\w, )?(--[\w-]+)( <)?/gm)
  return new Map(Array.from(lines, ([, option, value]) => [option!, value !== undefined]))
}

/** Commands that are of no use without a file that the project has. */
const OF_A_FILE = new Set(['run', 'validate', 'settle', 'explain', 'graph', 'test'])

test('docs - every millrace command names a file and options that there are', async (t) => {
  const { stdout: help } = await millrace(['--help'])
  const names = Array.from(help.matchAll(/^  (\w[\w-]*)(?: |$)/gm), ([, name]) => name!)
  const known = new Map(
    await Promise.all(
      names.map(async (name) => [name, await optionsOf(name)] as [string, Map<string, boolean>]),
    ),
  )
  t.true(known.get('run')!.get('--orders'), 'the help is read')
  const lines = commands
    .map(({ where, words }) => ({ where, words: words[0] === 'npx' ? words.slice(1) : words }))
    .filter(({ words }) => words[0] === 'millrace' && words[1] !== 'bench' && words[1] !== 'keys')
  t.true(lines.length >= 5)
  for (const { where, words } of lines) {
    const [, command, ...rest] = words
    const options = known.get(command!)
    const line = `${where}: ${words.join(' ')}`
    if (options === undefined) {
      t.fail(`${line}: no such command`)
      continue
    }
    const named: string[] = []
    for (let i = 0; i < rest.length; i++) {
      const [word, ...value] = rest[i]!.split('=')
      if (!word!.startsWith('-')) named.push(rest[i]!)
      else {
        t.true(options.has(word!), `${line}: ${word}`)
        if (options.get(word!) === true && value.length === 0) i++
      }
    }
    if (!OF_A_FILE.has(command!)) continue
    t.is(named.length, 1, line)
    t.true(existsSync(join(root, named[0]!)), line)
  }
})

test('docs - every bench and every use of keys that is shown is there, and has the options shown', async (t) => {
  const lines = commands
    .map(({ where, words }) => ({ where, words: words[0] === 'npx' ? words.slice(1) : words }))
    .filter(({ words }) => words[0] === 'millrace' && (words[1] === 'bench' || words[1] === 'keys'))
  t.true(lines.length >= 2)
  for (const { where, words } of lines) {
    const { code, stdout } = await millrace([...words.slice(1, 3), '--help'])
    t.is(code, 0, where)
    for (const word of words.slice(3))
      if (word.startsWith('-')) t.true(stdout.includes(`  ${word} `), `${where}: ${word}`)
  }
})

test('docs - what is set on the command line can be set', async (t) => {
  let tried = 0
  for (const { where, words } of commands) {
    const from = words.indexOf('millrace')
    if (from === -1 || !words.includes('--set')) continue
    tried++
    const sets = words.flatMap((word, i) => (words[i - 1] === '--set' ? ['--set', word] : []))
    const file = words.slice(from + 2).find((word) => !word.startsWith('-'))!
    const { code, stderr } = await millrace(['validate', file, ...sets])
    t.is(code, 0, `${where}: ${stderr}`)
  }
  t.true(tried >= 1)
})

function isPipeline({ language, text }: Fence): boolean {
  return language === 'yaml' && /^name:/m.test(text) && /^stages:/m.test(text)
}

test('docs - every pipeline that is shown whole decodes without problems', (t) => {
  const pipelines = fences.filter(isPipeline)
  t.true(pipelines.some(({ file }) => file === 'README.md'))
  for (const { file, line, text } of pipelines) {
    const definition = decodeDefinition(file, text, registry, { variables: { INPUT: 'x' } })
    const told = E.isLeft(definition) ? definition.left.problems.map(formatProblem).join('\n') : ''
    t.is(told, '', `${file}:${line}`)
  }
})

test('docs - JSON that is shown is JSON, line by line or whole', (t) => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  for (const { file, line, language, text } of fences) {
    if (language !== 'json') continue
    const lines = text.split('\n').filter((each) => each.trim() !== '')
    t.true(isJson(text) || lines.every(isJson), `${file}:${line}`)
  }
  t.pass()
})

test('docs - links between files lead somewhere', (t) => {
  let followed = 0
  for (const file of files)
    for (const [, link] of proseOf(file).matchAll(/\]\(([^()\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link!)) continue
      followed++
      const [path, anchor] = link!.split('#') as [string, string | undefined]
      const target = path === '' ? file : normalize(join(dirname(file), path))
      t.true(existsSync(join(root, target)), `${file}: ${link}`)
      if (anchor !== undefined && target.endsWith('.md'))
        t.true(anchorsOf(target).has(anchor), `${file}: ${link}`)
    }
  t.true(followed >= 5)
})

test('docs - the mistake that the README shows is told as it says', (t) => {
  const example = fences.find((fence) => fence.file === 'README.md' && isPipeline(fence))!
  const told = fences.find(({ file, text }) => file === 'README.md' && /got "ten"$/m.test(text))!
  const mistaken = example.text.replace(/(maxOrderLots: )\d+/, '$1ten')
  t.not(mistaken, example.text)
  const [, path] = /^([^:]+):/.exec(told.text)!
  const definition = decodeDefinition(path!, mistaken, registry)
  t.deepEqual(E.isLeft(definition) && definition.left.problems.map(formatProblem), told.text.split('\n'))
})
