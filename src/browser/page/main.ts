import { pinstream } from '../client.ts';
import { Channels } from './channels.ts';
import { Device } from './device.ts';
import { byId } from './element.ts';
import { Feed } from './feed.ts';
import { Key } from './key.ts';
import { Listening } from './listening.ts';
import { Lock } from './lock.ts';
import { keepOrder } from './order.ts';
import { Post } from './post.ts';
import { Problems } from './problems.ts';
import { Publish } from './publish.ts';
import { pageShortcuts, Shortcuts } from './shortcuts.ts';
import { isLive, StatusLine } from './status.ts';
import { Timeline } from './timeline/timeline.ts';
import { View } from './view.ts';

keepOrder(byId('main'));
const view = new View();
const key = new Key(byId('key') as HTMLDialogElement);
const post = new Post(key);
const status = new StatusLine(byId('status'));
const problems = new Problems(byId('problems'), {
  block: (why) => status.block(why),
  unlock: () => void key.ask('', 'read'),
});
const device = new Device(byId('device'), post);
const timeline = new Timeline(byId('timeline'), view);
const channels = new Channels(byId('channels'), view);
const feed = new Feed(byId('feed'), view);
const listening = new Listening(view);
const lock = new Lock(
  () => listening.channels,
  (refused) => {
    status.lock(refused !== undefined);
    problems.locked(refused);
  },
);
view.watch((changed) => {
  if (changed.has('channels')) lock.change();
});
new Publish(byId('publish') as HTMLDetailsElement, post, key);
new Shortcuts(byId('shortcuts') as HTMLDialogElement, byId('help'), pageShortcuts(feed, view));

post.watch((code, reason) => problems.answered(code, reason));
device.watch((now) => {
  problems.device(now);
  timeline.device(now);
  listening.device(now);
});

const stream = pinstream({
  channels: listening.channels,
  last: 50,
  token: lock.token,
  onEvent(event) {
    device.hear(event);
    timeline.event(event);
    channels.event(event);
    feed.add(event);
  },
  onGap(gap) {
    device.miss(gap);
    timeline.gap(gap);
    feed.addGap(gap);
  },
  onStatus(now) {
    const live = isLive(now);
    lock.status(now);
    status.show(now);
    problems.status(now);
    device.live(live);
    timeline.live(live);
    channels.live(live);
    feed.live(live);
  },
});
listening.lead(stream);

// A link within the page would take the place of the view in the address.
byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  const events = byId('feed');
  events.tabIndex = -1;
  events.focus();
});
