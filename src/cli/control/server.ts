import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { createInterface } from 'node:readline'
import type { Supervisor } from '../../pipeline/reload/supervisor.ts'
import { socketPath } from './run-dir.ts'
import { TapSession, type TapRequest } from './tap-session.ts'

/** What is asked of a process, a line of JSON each. */
export type Request =
  | { readonly do: 'stats' }
  | { readonly do: 'reload' }
  | { readonly do: 'revisions' }
  | { readonly do: 'rollback'; readonly number: number }
  | ({ readonly do: 'tap' } & TapRequest)

/** The answer: one line, but to `tap`, whose records come as lines of their own until `done`. */
export type Answer = { readonly result: unknown } | { readonly error: string }

const MAX_LINE = 65_536

/**
 * Answers to the commands of a second terminal, over a socket in the file system that only the user can open.
 * @returns its path, and what closes it
 * @throws Error if the socket cannot be made
 */
export async function serveControl(
  file: string,
  supervisor: Supervisor,
): Promise<{ readonly path: string; readonly close: () => void }> {
  const path = socketPath(file)
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.unref()
    serve(socket, supervisor)
  })
  await listen(server, path)
  server.unref()
  return {
    path,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      rmSync(path, { force: true })
    },
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      chmodSync(path, 0o600)
      resolve()
    })
  })
}

function serve(socket: Socket, supervisor: Supervisor): void {
  const answer = (line: Answer): void => void socket.write(`${JSON.stringify(line)}\n`)
  let length = 0
  socket.on('data', (data) => {
    length += data.length
    if (length > MAX_LINE) socket.destroy()
  })
  createInterface(socket).on('line', (line) => {
    length = 0
    handle(line, socket, supervisor).then(
      (result) => {
        if (result !== undefined) answer({ result })
      },
      (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
    )
  })
}

/** @returns undefined where the answer comes by itself */
async function handle(line: string, socket: Socket, supervisor: Supervisor): Promise<unknown> {
  const request = JSON.parse(line) as Request
  const who = `user ${userInfo().username}`
  switch (request.do) {
    case 'stats':
      return supervisor.stats()
    case 'reload':
      return supervisor.reload(who)
    case 'revisions':
      return supervisor.revisions()
    case 'rollback':
      return supervisor.rollback(request.number, who)
    case 'tap':
      new TapSession(socket, supervisor, request).start()
      return undefined
    default:
      throw new Error(`no such command ${JSON.stringify((request as { do?: unknown }).do)}`)
  }
}
