import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface NatsServer {
  readonly port: number
  readonly stop: () => Promise<void>
}

/** Starts the nats-server of this machine on a free port of loopback. Undefined if there is none. */
export async function startNatsServer(): Promise<NatsServer | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-nats-'))
  const port = await freePort()
  const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port), '-P', join(folder, 'pid')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const gone = once(server, 'exit').then(
    () => rmSync(folder, { recursive: true, force: true }),
    () => rmSync(folder, { recursive: true, force: true }),
  )
  let told = ''
  const isReady = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.once('exit', () => resolve(false))
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text
      if (told.includes('Server is ready')) resolve(true)
    })
  })
  if (!isReady) return undefined
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM')
    await gone
  }
  return { port, stop }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
