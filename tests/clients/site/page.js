import { bytes } from './bytes.js';

// A request of its own, and one with a body that comes back.
const hello = await fetch('/hello/browser');
document.querySelector('#hello').textContent = await hello.text();

const sent = bytes(300_000);
const echo = await fetch('/echo', { method: 'POST', body: sent });
const back = new Uint8Array(await echo.arrayBuffer());
const same = back.length === sent.length && back.every((byte, at) => byte === sent[at]);
document.querySelector('#upload').textContent = same ? 'came back whole' : 'came back changed';
