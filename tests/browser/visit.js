// Opens pages with the network off and tells, as JSON, what a reader with a browser would run into.
// node visit.js BROWSER JOB.json: {"pages": [[name, path, views], ...], "index": path, "print": {path: pdf}, "netlog": path}
"use strict";
const fs = require("fs");
const { chromium } = require("playwright-core");
const [, , browserPath, jobPath] = process.argv;
const job = JSON.parse(fs.readFileSync(jobPath, "utf8"));
const MARGIN = { top: "1cm", right: "1cm", bottom: "1cm", left: "1cm" };
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// What is wrong with the page as it is shown now; of a page in print also what breaks where it should not. PAGE: the
// height of a sheet of A4 between its margins.
function look() {
  const PAGE = 1047;
  const shown = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== "hidden";
  const small = [...document.querySelectorAll("svg text, svg tspan")].filter(shown).map((node) => {
    const svg = node.ownerSVGElement, scale = svg.getScreenCTM().a;
    return [parseFloat(getComputedStyle(node).fontSize) * scale, node.textContent.trim()];
  }).filter(([size, text]) => text && size < 9);
  const sealed = [...document.images].filter((one) => one.src.startsWith("data:image/svg")).map((one) => one.alt);  // letters that none can measure
  const skip = "code, pre, script, style, template, .identifiers, [hidden], title, desc";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), raw = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest(skip)) continue;
    const found = node.textContent.match(/\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b|\b(?:inputs|weights|probe|decoder|collision|channel)\.[a-z]\w*/g);
    if (found) raw.push(...found);
  }
  const cut = [...document.querySelectorAll(".scroll, pre, figure, svg")].filter(shown)
    .filter((box) => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0 || box.scrollHeight > box.clientHeight + 1 && box.matches(".scroll"))
    .map((box) => (box.getAttribute("aria-label") || box.className.baseVal || box.className || box.tagName) + ` ${box.scrollWidth} x ${box.scrollHeight}`);
  const paper = getComputedStyle(document.body).backgroundColor;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const columns = new Set(all(".card").map((card) => Math.round(card.getBoundingClientRect().left))).size;
  const drawn = "figure:not(:has(table)), .maps .panel";
  const piece = document.createRange();
  const linesOf = (range) => new Set([...range.getClientRects()].map((one) => Math.round(one.bottom / 4))).size;
  const tears = (cell) => {  // words of a cell that stand in two lines, though no hyphen or stroke parts them
    const found = [], texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) for (const word of texts.currentNode.textContent.matchAll(/[^\s()/\u2013\u2212-]+/g)) {
      piece.setStart(texts.currentNode, word.index);
      piece.setEnd(texts.currentNode, word.index + word[0].length);
      if (linesOf(piece) > 1) found.push(word[0]);
    }
    return found;
  };
  const broken = !matchMedia("print").matches ? [] : [
    ...all("h1, h2, h3, .title, summary").filter((node) => getComputedStyle(node).breakAfter !== "avoid"),
    ...all(`.card, .verdict, tr, ${drawn}`).filter((node) => getComputedStyle(node).breakInside !== "avoid"),
    ...all(`.card, tr, ${drawn}, .narrow`).filter((node) => node.getBoundingClientRect().height > PAGE || node.matches(".narrow")),
  ].map((node) => `${node.tagName}.${node.className} ${node.textContent.trim().slice(0, 60)}`);
  const torn = all("table:not(.cells) th, table:not(.cells) td").flatMap(tears).concat(
    all("table:not(.cells) .ci").filter((node) => { piece.selectNodeContents(node); return linesOf(piece) > 1; }).map((node) => node.textContent));
  const size = (node) => parseFloat(getComputedStyle(node).fontSize);
  const loud = all("figcaption, .small").filter((node) => size(node) > size(document.body)).map((node) => node.textContent.slice(0, 60));
  const stranded = all(".common").filter((node) => getComputedStyle(node).breakAfter !== "avoid").length;
  const names = all(".level .head").map((node) => node.textContent);
  const repeated = [...new Set(names.filter((name, place) => name.length > 24 && names.indexOf(name) < place))];
  return { repeated, wide: document.documentElement.scrollWidth - innerWidth, small, sealed, raw: [...new Set(raw)], cut, paper, columns, broken, torn, loud, stranded };
}

(async () => {
  const quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
  const args = [...quiet, `--log-net-log=${job.netlog}`, "--host-resolver-rules=MAP * ~NOTFOUND"];
  const browser = await chromium.launch({ executablePath: browserPath, args });
  const told = { pages: [], plane: null };
  for (const [name, path, views] of job.pages) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, bypassCSP: false });
    const requests = [], complaints = [];
    page.on("request", (one) => { if (!/^(file|data):/.test(one.url())) requests.push(one.url()); });
    page.on("console", (one) => complaints.push(one.text()));
    page.on("pageerror", (one) => complaints.push(one.message));
    await page.goto(`file://${path}`);
    const visits = [];
    for (const [width, media, scheme, axes] of views) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ media, colorScheme: scheme });
      await page.waitForFunction(() => document.readyState === "complete");
      const seen = await page.evaluate(look);
      if (axes === "axe") {
        if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
        const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        seen.axe = found.violations.map((one) => [one.id, one.nodes.length, one.nodes[0].html.slice(0, 160), one.nodes[0].failureSummary]);
      }
      visits.push({ width, media, scheme, ...seen });
    }
    if (job.print[path]) await page.pdf({ path: job.print[path], format: "A4", margin: MARGIN });
    told.pages.push({ name, requests, complaints, visits, cells: await sortAndFilter(page), scrolls: await scrolled(page), heads: await heads(page) });
    await page.close();
  }
  if (job.index) told.plane = await play(browser, job.index);
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => { console.error(error); process.exit(1); });

// Every box that scrolls on a phone, its table of cells moved by hand: how far its heading and its first column have
// left the box, and which backgrounds mark an edge (`local` ones move with the table, `scroll` ones stay).
async function scrolled(page) {
  await page.setViewportSize({ width: 360, height: 900 });
  await page.emulateMedia({ media: "screen" });
  return page.evaluate(() => {
    document.querySelectorAll("details").forEach((one) => { one.open = true; });
    return [...document.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => {
      const style = getComputedStyle(box), told = { name: box.getAttribute("aria-label"), role: box.getAttribute("role"), edges: style.backgroundAttachment, overflow: style.overflowX };
      const cells = box.querySelector(":scope > table.cells");
      if (!cells) return told;
      const row = [...cells.tBodies[0].rows].find((one) => !one.hidden);
      box.scrollTo(120, 60);
      const near = (node) => { const [a, b] = [node.getBoundingClientRect(), box.getBoundingClientRect()]; return [a.left - b.left, a.top - b.top]; };
      return { ...told, moved: [box.scrollLeft, box.scrollTop], heading: near(cells.tHead.rows[0].cells[1])[1], column: near(row.cells[0])[0], body: near(row.cells[1]) };
    });
  });
}

// Every table on a tablet: its name, and of how many lines its tallest head is.
async function heads(page) {
  await page.setViewportSize({ width: 768, height: 900 });
  return page.evaluate(() => {
    document.querySelectorAll("details").forEach((one) => { one.open = true; });
    const words = document.createRange();
    const lines = (cell) => { words.selectNodeContents(cell); return new Set([...words.getClientRects()].map((one) => Math.round(one.bottom / 4))).size; };
    return [...document.querySelectorAll("table")].filter((one) => one.tHead).map((one) =>
      [one.closest("[aria-label]")?.getAttribute("aria-label"), Math.max(...[...one.tHead.rows[0].cells].map(lines))]);
  });
}

// The table of cells: a column as it stands, sorted up and down, and the rows that a word keeps.
async function sortAndFilter(page) {
  if ((await page.locator("table.cells thead th").count()) < 3) return null; // no cell of it is done
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ media: "screen" });
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  const column = () => page.evaluate(() => [...document.querySelectorAll("table.cells tbody tr")]
    .filter((row) => !row.hidden).map((row) => [row.cells[0].textContent, row.cells[2]?.textContent ?? ""]));
  const told = { plain: await column() };
  const heading = page.locator("table.cells thead th").nth(2).locator("button");
  await heading.click();
  told.up = await column();
  await heading.press("Enter");
  told.down = await column();
  const box = page.locator("input.filter");
  if (await box.count()) {
    told.word = told.plain[0][0].split(", ").find((one) => /^\w+$/.test(one)) ?? told.plain[0][0];
    await box.fill(told.word);
    told.kept = await column();
  }
  return told;
}

// Moves the picture as a reader does, and reads its numbers back after each step.
async function play(browser, path) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 }, reducedMotion: "reduce" });
  await page.goto(`file://${path}`);
  const steps = [];
  const read = async (what) => steps.push({ what, ...(await page.evaluate(() => {
    const root = document.getElementById("plane");
    return { ...root.dataset, rows: [...root.querySelectorAll(".rows tr")].map((row) => ({ ...row.dataset })),
      said: root.querySelector(".said").textContent, focus: document.activeElement?.getAttribute("aria-label") };
  })) });
  const drag = async (name, dx, dy) => {
    const box = await page.locator(`[data-handle="${name}"] circle.grip`).boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + dx / 2, y + dy / 2);
    await page.mouse.move(x + dx, y + dy);
    await page.mouse.up();
  };
  await read("start");
  await drag("v1", 60, 30);
  await read("a value dragged");
  await drag("q", -90, 70);
  await read("the query dragged");
  await page.locator('[data-handle="v2"]').focus();
  for (const key of ["ArrowLeft", "ArrowUp", "Shift+ArrowDown"]) await page.keyboard.press(key);
  await read("a value moved by keys");
  for (const n of ["3", "5", "6", "7"]) {
    await page.locator('[name="n"]').fill(n);
    await read(`n = ${n}`);
  }
  await page.locator('[name="tau"]').fill("-0.6");
  await page.locator('[name="keys"]').check();
  await read("cold, keys shown");
  await page.locator('[name="another"]').click();
  await read("another");
  await page.close();
  return steps;
}
