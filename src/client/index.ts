/** Public list of `millrace/client`: an exchange over NATS, from Node or a browser, without RxJS. */
export {
  connect,
  MillraceClient,
  type ClientOptions,
  type From,
  type Order,
  type Subjects,
} from './client.ts'
export { ClientBook, type BookState } from './client-book.ts'
export { EventStream, type EventHandler, type GapHandler, type StreamState } from './event-stream.ts'
export { OrderDesk, RequestRefused, type Answer } from './order-desk.ts'
export { readEvent, type EngineEvent } from '../book/event.ts'
export { CommandKind, EventKind, OrderType, Side, TimeInForce } from '../book/record.ts'
export { rejectName } from '../book/reject-code.ts'
export { bookChecksum } from '../transport/book-checksum.ts'
export { encodeFrame, FrameFlag, FrameKind, FrameReader, recordsOf } from '../transport/frame.ts'
