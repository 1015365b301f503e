/** The client as it is served: `import { pinstream } from '/pinstream.js'`, and `<script src="/pinstream.js">` with `Pinstream`. */
import { pinstream } from './client.ts';

export default pinstream;
