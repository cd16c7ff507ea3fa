import { WebSocket } from 'ws'

/** Looks at a server as the dashboard does, until it is ended. Run with its WebSocket address. */
const socket = new WebSocket(process.argv[2]!)
let heard = 0
socket.on('open', () => {
  for (const channel of ['pipeline', 'book', 'trades'])
    socket.send(JSON.stringify({ op: 'subscribe', channel, symbol: 'AAPL' }))
})
socket.on('message', (data) => {
  if (heard === 0) process.stdout.write('on\n')
  heard++
  JSON.parse((data as Buffer).toString())
})
socket.on('close', () => process.stdout.write(`${heard}\n`))
socket.on('error', () => {})
