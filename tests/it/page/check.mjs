// Looks at the page of a running daemon as a person would, in a real browser.
//
//   node check.mjs URL        with CHROMIUM, PLAYWRIGHT (a module's file) and TOKEN in the environment
//
// Without TOKEN the daemon wants none; then only what depends on that is looked at.
//
// The daemon has a surface `orders` without the entities that are claimed here, and a lane with a worker.
// Whoever starts this keeps the daemon: a line `do stop` or `do start` on standard output asks for
// it, a line on standard input says that it is done. Exit 0: everything is as it should be.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { CHROMIUM, PLAYWRIGHT, TOKEN } = process.env;
const { chromium } = await import(pathToFileURL(PLAYWRIGHT).href);
const url = new URL(process.argv[2]);
const PATIENCE_MS = 60_000;

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async what => {
  console.log(`do ${what}`);
  const { done } = await answers.next();
  assert.ok(!done, `nobody answered to \`do ${what}\``);
};

/** Waits until a condition holds; tells what it saw last when it never does. */
async function until(what, look, holds) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > end) assert.fail(`${what}; seen last: ${JSON.stringify(seen)}`);
    await new Promise(done => setTimeout(done, 50));
  }
}

const headers = { ...(TOKEN && { Authorization: `Bearer ${TOKEN}` }), "Content-Type": "application/json" };
const fleet = async () => (await fetch(new URL("v1/fleet", url), { headers })).json();

/** A worker whose baseline is taken, so that its claims can be refuted. */
async function worker() {
  const seen = await until("a lane has a worker", () => fleet().catch(error => ({ error: String(error) })),
    ({ lanes }) => lanes?.some(({ run_id, pid }) => run_id && pid));
  return seen.lanes.find(({ run_id, pid }) => run_id && pid);
}

async function claim(key) {
  const { run_id, lane } = await worker();
  const body = JSON.stringify({ key, run_id, lane });
  const verdict = await (await fetch(new URL("v1/claims", url), { method: "POST", headers, body })).json();
  assert.equal(verdict.verdict, "REFUTED", JSON.stringify(verdict));
  return verdict;
}

const profile = mkdtempSync(join(tmpdir(), "dosd-page-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: CHROMIUM,
  headless: true,
  colorScheme: "light",
  viewport: { width: 1280, height: 800 },
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const page = browser.pages()[0] ?? await browser.newPage();

// What must never happen, collected all along.
const elsewhere = [], complaints = [];
let loads = 0;
browser.on("request", request => {
  const to = new URL(request.url());
  if (to.protocol !== "data:" && to.origin !== url.origin) elsewhere.push(request.url());
  if (TOKEN && request.url().includes(TOKEN)) complaints.push(`the token is in ${request.url()}`);
});
page.on("framenavigated", () => { loads += 1; });
page.on("pageerror", error => complaints.push(error.stack));
page.on("console", message => {
  // The browser itself tells of each answer that is not 2xx, and of each connection that fails.
  if (["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
});
await page.exposeFunction("complain", what => complaints.push(what));
await page.addInitScript(() => {
  addEventListener("securitypolicyviolation", event => globalThis.complain(`${event.violatedDirective}: ${event.blockedURI}`));
});

const text = selector => page.locator(selector).innerText();
const texts = selector => page.locator(selector).allInnerTexts();
const subjects = prefix => page.locator("#stream-rows .subject").evaluateAll(
  (nodes, prefix) => nodes.map(node => node.textContent).filter(text => text.startsWith(prefix)), prefix);
const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.className);
/** What the page is painted with: behind the text, and the text. */
const colours = () => page.evaluate(() => {
  const { backgroundColor, color } = getComputedStyle(document.body);
  return [backgroundColor, color];
});
const luminance = colour => {
  const [r, g, b] = colour.match(/\d+(\.\d+)?/g).map(Number)
    .map(value => value / 255).map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const isLive = () => until("the page is live", () => text("#connection"), seen => seen === "live");

/** For a daemon that wants no token: the one check that is different, and what shows that it works. */
const openly = {
  async "no token is asked for"() {
    await page.goto(url.href);
    await isLive();
    assert.equal(await page.locator("#token-dialog").isVisible(), false);
  },
};

const checks = {
  async "a token is asked for, and only the right one is taken"() {
    const response = await page.goto(url.href);
    assert.match(response.headers()["content-security-policy"] ?? "", /default-src 'none'.*require-trusted-types-for 'script'/);
    await page.locator("#token").waitFor();
    assert.equal(await text("#connection"), "needs a token");
    await page.keyboard.type("not this one");
    await page.keyboard.press("Enter");
    await until("a wrong token is told", () => text("#token-why"), seen => seen.startsWith("That token was not taken"));
    await page.keyboard.type(TOKEN);
    await page.keyboard.press("Enter");
    await isLive();
    assert.equal(await page.locator("#token-dialog").isVisible(), false);
    const kept = await page.evaluate(() => ({
      session: Object.values(sessionStorage), local: Object.values(localStorage), cookie: document.cookie, href: location.href,
    }));
    assert.deepEqual(kept, { session: [TOKEN], local: [], cookie: "", href: url.href });
  },

  async "each lane and each exporter has a row"() {
    await worker();
    const { lanes, exporters } = await fleet();
    assert.ok(lanes.length > 0 && exporters.length > 0);
    await until("all lanes", () => texts("#lane-rows .name"), seen => seen.join() === lanes.map(({ lane }) => lane).join());
    await until("the lanes' states", () => texts("#lane-rows .state"), seen => seen.includes("ADVANCING"));
    const run = lanes.find(({ run_id }) => run_id).run_id;
    assert.ok((await texts("#lane-rows tr")).some(row => row.includes(run)), `run ${run} is shown`);
    await until("all exporters", () => texts("#exporter-rows tr"),
      seen => exporters.every(({ name }, at) => seen[at]?.includes(name)));
    const told = await page.locator("#plot-text").textContent();
    assert.match(told, /^Verdicts per minute in the last hour: [1-9]/);
  },

  async "a refuted claim is there with its reason, without a reload"() {
    const before = loads;
    const { reason } = await claim("orders:never-placed");
    assert.ok(reason, "a verdict has a reason");
    const rows = await until("the claim", () => texts("#refuted-rows li"), seen => seen.some(row => row.includes("orders:never-placed")));
    const row = rows.find(row => row.includes("orders:never-placed"));
    assert.ok(row.includes(reason), `${row} tells ${reason}`);
    await until("it is read out", () => page.locator("#announce").textContent(), seen => seen.includes("orders:never-placed") && seen.includes(reason));
    assert.equal(await page.locator("#announce").getAttribute("aria-live"), "polite");
    await until("the stream", () => subjects("orders:never-placed"), seen => seen.length === 1);
    assert.equal(loads, before);
  },

  async "hostile text stays text"() {
    const hostile = `orders:<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>&lt;\u202egnp`;
    const seen = hostile.replace("\u202e", "\ufffd");
    await claim(hostile);
    await until("the claim, as it is", () => page.locator("#refuted-rows .subject").allTextContents(), all => all.includes(seen));
    await until("the stream", () => subjects("orders:<img"), all => all.includes(seen));
    assert.equal(await page.evaluate(() => globalThis.hit), undefined);
    assert.equal(await page.locator("main img, main script").count(), 0);
  },

  async "keys do everything"() {
    const { lanes } = await fleet();
    await page.locator("body").click({ position: { x: 2, y: 2 } });
    await page.keyboard.press("j");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), lanes[0].lane);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("k");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), lanes[0].lane);
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(ring, "solid", "focus is seen");
    await page.keyboard.press("Enter");
    assert.equal(await text("#detail-title"), lanes[0].lane);
    await until("the lane's verdicts", () => texts("#detail-rows li"), seen => seen.length > 0);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#detail").isVisible(), false);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), lanes[0].lane, "focus goes back");

    await page.keyboard.press("/");
    assert.equal(await focused(), "text-filter");
    await page.keyboard.type("never-placed");
    await until("the filter", () => texts("#stream-rows li"), seen => seen.length === 1 && seen[0].includes("never-placed"));
    await page.keyboard.press("Escape");
    await until("no filter", () => texts("#stream-rows li"), seen => seen.length > 1);
    await page.locator("#severity-select").selectOption("2");
    await until("errors only", () => page.locator("#stream-rows li:not([data-tone=ERROR])").count(), seen => seen === 0);
    await page.locator("#severity-select").selectOption("0");

    await page.locator("#stream-title").click();
    await page.keyboard.press("p");
    await until("paused", () => text("#pause"), seen => seen === "Go on");
    await claim("orders:while-paused");
    await until("it came", () => texts("#refuted-rows li"), seen => seen.some(row => row.includes("orders:while-paused")));
    await page.locator("#held").waitFor();
    assert.match(await text("#held"), /^[1-9]\d* new$/);
    assert.deepEqual(await subjects("orders:while-paused"), []);
    await page.keyboard.press("p");
    await until("it is there", () => subjects("orders:while-paused"), seen => seen.length === 1);

    await page.keyboard.press("r");
    assert.equal(await focused(), "refuted-title");
    await page.keyboard.press("?");
    assert.equal(await page.locator("#help-dialog").isVisible(), true);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#help-dialog").isVisible(), false);
    const [before] = await colours();
    await page.keyboard.press("t");
    const [after] = await colours();
    assert.ok(luminance(after) < luminance(before), `${after} is darker than ${before}`);
    await page.keyboard.press("t");
    assert.equal((await colours())[0], before);
    assert.equal(await page.evaluate(() => localStorage.length), 0, "the page follows the machine again");
  },

  async "a daemon that went away and came back lost nothing and doubles nothing"() {
    const claimed = [];
    const more = async count => {
      for (let at = 0; at < count; at += 1) {
        const key = `orders:series-${claimed.length}`;
        await claim(key);
        claimed.push(key);
      }
    };
    await more(3);
    const blocked = "**/v1/events";
    await page.route(blocked, route => route.abort());
    await ask("stop");
    await until("the page tells", () => text("#connection"), seen => seen.startsWith("reconnecting"));
    assert.equal(await page.locator("#main").getAttribute("data-stale"), "yes");
    await ask("start");
    await more(3);
    await page.unroute(blocked);
    await isLive();
    await more(2);
    await until("all, each once, newest first", () => subjects("orders:series-"), seen => seen.join() === claimed.toReversed().join());
    const refuted = await page.locator("#refuted-rows .subject").allTextContents();
    for (const key of claimed) assert.equal(refuted.filter(subject => subject === key).length, 1, key);
    assert.equal(await page.locator("#main").getAttribute("data-stale"), null);
  },

  async "a stream is read by the rules of event streams, and what comes twice is shown once"() {
    const verdict = subject => JSON.stringify({ id: subject, severity: "ERROR", syscall: "effect_witness", verdict: "REFUTED", subject,
      reason: "as a rule", ts: new Date().toISOString(), lane: "", detail: {} }, null, 1);
    // Lines end in three ways, data comes in lines, comments and unknown fields are passed over, and
    // what the end cuts off is no event. No id: the stream goes on where the daemon was.
    const lines = (text, end) => text.split("\n").map(line => `data: ${line}${end}`).join("");
    const body = ": hello\r\n\r\nretry: 250\n\n"
      + ["\n", "\r\n", "\r"].map((end, at) => `event: verdict${end}unknown: 1${end}${lines(verdict(`rule:${at}`), end)}${end}`).join("")
      + `event: verdict\n${lines(verdict("rule:0"), "\n")}\n`
      + `event: verdict\ndata: {not json\n\nevent: fleet\ndata: []\n\n`
      + `event: verdict\n${lines(verdict("rule:cut off"), "\n")}`;
    await page.route("**/v1/events", route => route.fulfill({ contentType: "text/event-stream", body: `\ufeff${body}` }));
    await page.reload();
    await until("each once", () => subjects("rule:"), seen => seen.join() === "rule:2,rule:1,rule:0");
    await page.unroute("**/v1/events");
    await isLive();
    await until("the lanes again", () => texts("#lane-rows .state"), seen => seen.includes("ADVANCING"));
    assert.deepEqual(await subjects("rule:"), ["rule:2", "rule:1", "rule:0"]);
  },

  async "a journal that was rewritten begins anew, and its refuted claims are no new ones"() {
    const refuted = await page.locator("#refuted-rows li").count();
    const { refuted: [again] } = await fleet();
    const data = JSON.stringify({ ...again, id: "ffffffffffffffff-1" });
    await page.route("**/v1/events", route => route.fulfill({ contentType: "text/event-stream", body: `event: verdict\ndata: ${data}\n\n` }));
    await page.reload();
    await until("the one that came again, alone", () => subjects(""), seen => seen.join() === again.subject);
    await page.unroute("**/v1/events");
    await isLive();
    await claim("orders:after-all");
    await until("what comes then", () => subjects("orders:"), seen => seen.join() === "orders:after-all");
    await until("no refuted claim twice", () => page.locator("#refuted-rows .subject").allTextContents(),
      seen => seen[0] === "orders:after-all" && seen.filter(subject => subject === again.subject).length === 1);
    assert.ok(refuted > 1 && await page.locator("#refuted-rows li").count() > 1);
  },

  async "light and dark follow the machine, and both can be read"() {
    const seen = {};
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const [back, front] = (await colours()).map(luminance);
      assert.ok((Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05) > 7, `${colorScheme}: ${await colours()}`);
      seen[colorScheme] = back;
    }
    assert.ok(seen.light > seen.dark);
  },

  async "360 pixels are wide enough"() {
    await page.setViewportSize({ width: 360, height: 740 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    // Refuted claims stay in sight, however far down one reads.
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    const box = await page.locator("#jump").boundingBox();
    assert.ok(box && box.y >= 0 && box.y < 200, JSON.stringify(box));
    assert.match(await text("#jump"), /^\d+ refuted: \S+, \S/);
  },

  async "nothing went to another host, and nothing was complained about"() {
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(complaints, []);
  },
};

const plan = Object.entries(checks);
const wanted = TOKEN ? plan : [...Object.entries(openly), ...plan.slice(1, 3), plan.at(-1)];
await until("the daemon answers", () => fetch(new URL("healthz", url)).then(({ status }) => status, String), seen => seen === 200);
let passed = 0, failed = 0;
for (const [name, check] of wanted) {
  try {
    await check();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
    if (process.env.PICTURE) await page.screenshot({ path: process.env.PICTURE });
    // What follows builds on it.
    break;
  }
}
await browser.close();
rmSync(profile, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
