import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { parse } from 'yaml'
import { FROMS, TOS } from '../../src/cli/scaffold.ts'
import { millrace, root } from '../support/cli.ts'
import { Folder } from '../support/folder.ts'

function folderOf(t: ExecutionContext): Folder {
  const folder = new Folder()
  t.teardown(() => folder.remove())
  return folder
}

const LOBSTER = `34200.1,1,1,100,1000000,-1\n34200.2,4,1,40,1000000,-1\n`
const ORDER = '{"id":"a1","symbol":"AAPL","side":"buy","price":"99.00","quantity":1}\n'

for (const from of FROMS)
  for (const to of TOS)
    test.serial(
      `create - a pipeline from ${from} to ${to} validates, runs and passes its test as it is written`,
      async (t) => {
        const folder = folderOf(t)
        const dir = folder.at('new/pipelines')
        const name = `from-${from}`
        const made = await millrace(['create', '--name', name, '--from', from, '--to', to, '--dir', dir])
        t.is(made.code, 0, made.stderr)
        t.deepEqual(readdirSync(dir).sort(), [`${name}.test.yaml`, `${name}.yaml`, 'pipeline.schema.json'])
        for (const file of readdirSync(dir))
          t.true(made.stdout.includes(`wrote ${join(dir, file)}`), made.stdout)
        const file = join(dir, `${name}.yaml`)
        const input =
          from === 'simulate'
            ? []
            : [
                '--input',
                from === 'orders'
                  ? folder.write('in.ndjson', ORDER)
                  : folder.write('AAPL_message.csv', LOBSTER),
              ]
        const validated = await millrace(['validate', file])
        t.is(validated.code, 0, validated.stderr)
        const run = await millrace(['run', file, ...input])
        t.is(run.code, 0, run.stderr)
        t.regex(to === 'ndjson' ? run.stderr : run.stdout, /the counts add up/)
        if (to === 'ndjson') t.regex(run.stdout, /^\{"event":"accepted"/)
        const tested = await millrace(['test', dir])
        t.deepEqual([tested.code, tested.stdout], [0, '2 passed, 0 failed\n'], tested.stderr)
      },
    )

test.serial('create - asks nothing without a terminal, and has a default for everything', async (t) => {
  const folder = folderOf(t)
  const { code, stdout } = await millrace(['create', '--dir', folder.path])
  t.is(code, 0)
  t.regex(stdout, /wrote .*my-exchange\.yaml\n/)
  t.is((parse(readFileSync(folder.at('my-exchange.yaml'), 'utf8')) as { name: string }).name, 'my-exchange')
})

test.serial('create - overwrites nothing', async (t) => {
  const folder = folderOf(t)
  folder.write('a.test.yaml', 'mine')
  const { code, stdout, stderr } = await millrace(['create', '--name', 'a', '--dir', folder.path])
  t.deepEqual([code, stdout], [73, ''])
  t.regex(stderr, /a\.test\.yaml is there already/)
  t.deepEqual(readdirSync(folder.path), ['a.test.yaml'])
})

test.serial('create - a folder that cannot be is told', async (t) => {
  const folder = folderOf(t)
  const { code, stderr } = await millrace(['create', '--dir', join(folder.write('file', ''), 'x')])
  t.is(code, 73)
  t.regex(stderr, /not a directory/)
})

test.serial('create - what cannot be chosen is wrong use', async (t) => {
  for (const args of [['--name', '../x'], ['--from', 'kafka'], ['--to', 'paper'], ['x']])
    t.is((await millrace(['create', ...args, '--dir', '/nowhere'])).code, 64, args.join())
})

test.serial(
  'create - within the project that Millrace belongs to, the schema is that of the package',
  async (t) => {
    const dir = join(root, 'node_modules/.cache/create-test')
    t.teardown(() => rmSync(dir, { recursive: true, force: true }))
    const { code } = await millrace(['create', '--name', `n${process.pid}`, '--dir', dir])
    t.is(code, 0)
    const file = join(dir, `n${process.pid}.yaml`)
    const [, schema] = /\$schema=(\S+)/.exec(readFileSync(file, 'utf8'))!
    t.true(existsSync(join(dirname(file), schema!)))
    t.false(existsSync(join(dir, 'pipeline.schema.json')))
  },
)
