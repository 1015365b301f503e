import { existsSync } from 'node:fs';
import type { Contender } from '../contender.ts';
import { family, ownNginx } from '../nginx.ts';

const MODULE = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/etc/nginx/modules']
  .map((folder) => `${folder}/ngx_nchan_module.so`)
  .find((file) => existsSync(file));

/** nginx's own push module, in C, as its documentation sets it up for EventSource; it keeps as many events, and pings as often. */
export const nchan: Contender = {
  name: 'nchan',
  label: 'nchan',
  behindNginx: false,
  async start({ place }) {
    if (!MODULE)
      throw new Error("nginx's module nchan is not there: sudo apt-get install libnginx-mod-nchan");
    const { port, program } = await ownNginx(place, {
      main: `load_module ${MODULE};\n`,
      workers: 1,
      http: (at) => `access_log off;
nchan_shared_memory_size 256m;
server {
  listen 127.0.0.1:${at} backlog=4096;
  location = /publish {
    nchan_publisher;
    nchan_channel_id $arg_channel;
    nchan_message_buffer_length 1000;
    nchan_message_timeout 1d;
  }
  location = /stream {
    nchan_subscriber eventsource;
    nchan_channel_id $arg_channel;
    nchan_subscriber_first_message newest;
    nchan_eventsource_ping_interval 15;
  }
}
`,
    });
    return {
      port,
      door: {
        streamPath: '/stream?channel=bench',
        publishPath: '/publish?channel=bench',
        contentType: 'text/plain',
        body: '%',
      },
      pids: family(program),
      async collect() {},
    };
  },
};
