import { packed, served } from '../app/packed.ts';
import { nginxFor } from '../support/nginx.ts';

// nginx would compress by itself what the app sends plain, less well and anew for each reader.
packed('through nginx', async (t) => (await nginxFor(t, { app: await served(t) })).url);
