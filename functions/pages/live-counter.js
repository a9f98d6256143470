/**
 * Keeps the number on a counter's page up to date. The page listens over the WebSocket of AppSync
 * Events (https://docs.aws.amazon.com/appsync/latest/eventapi/event-api-websocket-protocol.html).
 * Where that is refused or breaks, it polls every few seconds, which costs a 304 while nothing
 * changes, and tries the socket again later.
 */
const pollMs = 3_000;
/** While the socket works: viewers that fall silent change no cell, so no message says that they left. */
const slowPollMs = 15_000;
const reconnectMs = { first: 1_000, longest: 60_000 };
/** Who publishes may remember for two seconds that nobody listens. */
const unheardMs = 3_000;

const output = document.querySelector('output');
const updated = document.querySelector('#updated');
const counterUrl = output.dataset.url;
/** A pass in the page's own address is sent on as a header, which access logs do not hold. */
const pass = new URLSearchParams(location.search).get('access_token');
const headers = {
  accept: 'application/json',
  ...(pass === null ? {} : { authorization: `Bearer ${pass}` }),
};

let polling;
let pollingMs;

/** Window first, then version, then time; windows and RFC 3339 times in UTC compare as strings. */
const placeOf = ({ window: shownWindow = '', version, updated_at: updatedAt }) => [
  shownWindow,
  version,
  updatedAt ?? '',
];

/** Where the total that is shown stands in the order of all that come. */
let place = placeOf({
  window: output.dataset.window,
  version: Number(output.dataset.version),
  updated_at: output.dataset.updatedAt,
});

function isOlder(total) {
  const other = placeOf(total);
  const first = place.findIndex((it, index) => it !== other[index]);
  return first >= 0 && other[first] < place[first];
}

function show(total) {
  place = placeOf(total);
  const { count, choices = {}, updated_at: updatedAt } = total;
  output.textContent = count.toLocaleString('en');
  document.title = document.title.replace(/^\S+/, count);
  for (const [choice, chosen] of Object.entries(choices)) {
    const cell = document.querySelector(`[data-choice="${choice}"]`);
    if (cell) cell.textContent = chosen.toLocaleString('en');
  }
  if (updatedAt !== null) updated.textContent = `last changed ${updatedAt}`;
}

async function getJson(url) {
  const response = await fetch(url, { headers, cache: 'no-cache' });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

/**
 * An answer older than what is shown may come from a cache. It may also be right: a new day has begun,
 * or the clocks of two writers differ. Then the table itself is asked, and its answer is shown. A
 * failed poll does not matter: the next one comes soon.
 */
async function poll(query = '') {
  try {
    let total = await getJson(`${counterUrl}${query}`);
    if (isOlder(total)) {
      const before = place;
      total = await getJson(`${counterUrl}?consistent=true`);
      if (place !== before && isOlder(total)) return;
    }
    show(total);
  } catch {}
}

function pollEvery(ms) {
  if (ms === pollingMs) return;
  pollingMs = ms;
  clearInterval(polling);
  polling = setInterval(() => poll(), ms);
}

/** Resolves when the connection ends, with whether it ever worked. */
function listen({ realtime, http, api_key: apiKey, channel }) {
  const authorization = { host: new URL(http).host, 'x-api-key': apiKey };
  const header = btoa(JSON.stringify(authorization))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
  return new Promise((resolve) => {
    const socket = new WebSocket(realtime, ['aws-appsync-event-ws', `header-${header}`]);
    let worked = false;
    let silence;
    let silenceMs = pollMs * 10;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.close(), silenceMs);
    };
    heard();
    socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'connection_init' })));
    socket.addEventListener('message', ({ data }) => {
      heard();
      const message = JSON.parse(data);
      if (message.type === 'connection_ack') {
        silenceMs = message.connectionTimeoutMs;
        socket.send(JSON.stringify({ type: 'subscribe', id: 'counter', channel, authorization }));
      } else if (message.type === 'subscribe_success') {
        worked = true;
        pollEvery(slowPollMs);
        // No message told us of changes between the page and the subscription, nor a little later.
        void poll();
        setTimeout(() => poll('?consistent=true'), unheardMs);
      } else if (message.type === 'data') {
        const total = JSON.parse(message.event);
        if (isOlder(total)) void poll();
        else show(total);
      } else if (message.type.endsWith('error')) {
        socket.close();
      }
    });
    socket.addEventListener('close', () => {
      clearTimeout(silence);
      resolve(worked);
    });
  });
}

/** A counter publishes only while somebody keeps asking where to listen, so the page asks again. */
async function keepListening() {
  for (let failures = 0; ; ) {
    let renewal;
    try {
      const live = await getJson(`${counterUrl}/live`);
      renewal = setInterval(
        () => getJson(`${counterUrl}/live`).catch(() => {}),
        live.renew_after_seconds * 1000,
      );
      failures = (await listen(live)) ? 0 : failures + 1;
    } catch {
      failures += 1;
    }
    clearInterval(renewal);
    pollEvery(pollMs);
    const pauseMs = Math.min(reconnectMs.longest, reconnectMs.first * 2 ** failures);
    await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random() / 2)));
  }
}

pollEvery(pollMs);
await keepListening();
