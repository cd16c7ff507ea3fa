import test from 'ava'
import { millrace, nodes, start, type Running } from '../support/cli.ts'

const ENDLESS = ['run', 'pipelines/exchange.yaml', '--set', 'stages.orders.from.simulate.orders=1000000000']

/** Whether progress has been shown, and not of nothing. */
const isUnderWay = ({ stderr }: Running): boolean => /^ *[\d.]+ s +[1-9][\d,]* orders /m.test(stderr)

for (const [name, node] of nodes)
  test.serial(`signals - an interrupt drains the pipeline and the report follows (${name})`, async (t) => {
    const running = start(ENDLESS, { node })
    await running.until(isUnderWay)
    running.child.kill('SIGINT')
    const { code, stdout, stderr } = await running.ended
    t.is(code, 0, stderr)
    t.true(stderr.includes('stopping: what has been read is handled'))
    t.true(stdout.includes('\nthe counts add up\n'))
  })

test.serial('signals - a request to terminate does the same', async (t) => {
  const running = start([...ENDLESS, '--format', 'json'])
  await running.until(isUnderWay)
  running.child.kill('SIGTERM')
  const { code, stdout, stderr } = await running.ended
  t.is(code, 0, stderr)
  const { summary } = JSON.parse(stdout) as { summary: { totals: { addsUp: boolean } } }
  t.true(summary.totals.addsUp)
})

/** More than a pipe and the buffers on its way hold, if no one reads what comes of it. */
const MANY = Array.from(
  { length: 5_000 },
  (_, i) => `{"id":${i + 1},"symbol":"AAPL","side":"buy","price":"1.00","quantity":1}\n`,
).join('')

for (const [name, node] of nodes)
  test.serial(
    `signals - a second interrupt ends it at once, though its output is not read (${name})`,
    async (t) => {
      const running = start(['run', 'pipelines/stdio.yaml'], { node, leaveStdout: true })
      running.child.stdin!.write(MANY)
      await running.until(isUnderWay)
      running.child.kill('SIGINT')
      await running.until(({ stderr }) => stderr.includes('again to stop at once'))
      running.child.kill('SIGINT')
      const { code, stderr } = await running.ended
      t.is(code, 130, stderr)
      t.false(stderr.includes('the counts add up'))
      running.child.stdout!.destroy()
    },
  )

test.serial('signals - an interrupt while it waits for input ends it, and says what came in', async (t) => {
  const running = start(['run', 'pipelines/stdio.yaml'])
  running.child.stdin!.write('{"id":1,"symbol":"AAPL","side":"buy","price":"1.00","quantity":1}\n')
  await running.until(({ stdout }) => stdout.endsWith('\n'))
  running.child.kill('SIGINT')
  const { code, stderr } = await running.ended
  t.is(code, 0, stderr)
  t.true(stderr.includes('commands in        1 = 1 accepted'))
})

test.serial('signals - a run that is over leaves no timer behind that would keep it', async (t) => {
  const args = ['run', 'pipelines/stdio.yaml', '--duration', '86400', '--quiet']
  const { code, stdout, stderr } = await millrace(args)
  t.deepEqual([code, stdout, stderr], [0, '', ''])
})
