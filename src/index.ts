export {
  closeSendEvent,
  connectPublisher,
  type Publisher,
  type PublisherOptions,
  type SendOptions,
  sendEvent,
} from './bus/sendEvent.ts';
