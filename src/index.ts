export {
  closeSendEvent,
  connectPublisher,
  type Publisher,
  type PublisherOptions,
  type SendOptions,
  sendEvent,
} from './bus/sendEvent.ts';
export { type EmbedOptions, startPinstream } from './embed.ts';
