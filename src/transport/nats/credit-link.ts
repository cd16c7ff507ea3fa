import { createInbox } from '@nats-io/nats-core'
import { CreditSender } from '../credit-sender.ts'
import { newSource } from '../frame.ts'
import type { Link } from './link.ts'

/** A sender over core NATS that loses nothing: see CreditSender. */
export function creditOver(link: Link, subject: string): CreditSender {
  const inbox = createInbox()
  const { connection } = link
  const sender = new CreditSender((frame) => {
    if (link.state === 'connected') connection.publish(subject, frame, { reply: inbox })
  }, newSource())
  const subscription = connection.subscribe(inbox, {
    callback: (error, message) => {
      if (error === null) sender.take(message.data)
    },
  })
  const stopListening = link.onState((state) => {
    if (state === 'connected') sender.hello()
  })
  sender.onClose = () => {
    stopListening()
    if (!connection.isClosed()) subscription.unsubscribe()
  }
  sender.hello()
  return sender
}
