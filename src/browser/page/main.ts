import { pinstream } from '../client.ts';
import { Device } from './device.ts';
import { byId } from './element.ts';
import { Feed } from './feed.ts';
import { Key } from './key.ts';
import { Post } from './post.ts';
import { Publish } from './publish.ts';
import { StatusLine } from './status.ts';

const key = new Key(byId('key') as HTMLDialogElement);
const post = new Post(key);
const status = new StatusLine(byId('status'));
const device = new Device(byId('device'), post);
const feed = new Feed(byId('feed'), byId('known-channels'));
new Publish(byId('publish') as HTMLDetailsElement, post, key);

pinstream({
  channels: ['*'],
  last: 50,
  onEvent(event) {
    feed.add(event);
    device.hear(event);
  },
  onGap(gap) {
    feed.addGap(gap);
    device.miss(gap);
  },
  onStatus(now) {
    status.show(now);
    device.live(now.state === 'live');
    feed.live(now.state === 'live');
  },
});
