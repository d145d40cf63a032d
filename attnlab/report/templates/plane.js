// The picture on the index, alive: values and a query under the reader's hand, in the plane (d = e = 2).
// Everything is computed here and shown with its full digits in data attributes, so that a test can check it.
"use strict";
(() => {
  const root = document.getElementById("plane");
  const given = JSON.parse(root.querySelector("template").content.textContent);
  const words = given.words, positions = given.values.map((v) => v.slice()), keys = given.keys;
  const state = { n: given.n, tau: given.tau, query: given.query.slice(), keysShown: false, step: 1 };
  const board = root.querySelector(".board"), rows = root.querySelector(".rows"), said = root.querySelector(".said");
  const SVG = "http://www.w3.org/2000/svg", SIZE = 400, REACH = 2.6, TINY = 1e-9;
  let moving = 0, taken = [];

  // ---- the mathematics -------------------------------------------------------------------------------------
  const indices = () => [...Array(state.n).keys()];
  const total = (weights, vectors) =>
    weights.reduce((sum, w, i) => [sum[0] + w * vectors[i][0], sum[1] + w * vectors[i][1]], [0, 0]);

  function softmax(query) {
    const logits = indices().map((i) => (keys[i][0] * query[0] + keys[i][1] * query[1]) / state.tau);
    const top = Math.max(...logits), powers = logits.map((z) => Math.exp(z - top));
    const mass = powers.reduce((a, b) => a + b);
    return powers.map((p) => p / mass);
  }

  // The vertices of {b >= 0, sum b = 1, sum b_i v_i = o}: one for each point, segment or triangle of values
  // that holds o and has no smaller one inside it doing so (Caratheodory: in the plane three are enough).
  function vertices(output) {
    const found = [], spread = Math.max(1e-300, ...indices().flatMap((i) => positions[i].map(Math.abs)));
    const add = (places, shares) => {
      if (shares.some((share) => !(share >= -1e-12))) return;
      const b = Array(state.n).fill(0);
      places.forEach((place, at) => { b[place] = Math.max(0, shares[at]); });
      found.push(b);
    };
    const cross = (p, q) => p[0] * q[1] - p[1] * q[0], minus = (p, q) => [p[0] - q[0], p[1] - q[1]];
    for (const i of indices()) {
      const u = minus(output, positions[i]);
      if (Math.hypot(...u) <= 1e-12 * spread) add([i], [1]);
      for (let j = i + 1; j < state.n; j++) {
        const v = minus(positions[j], positions[i]), long = v[0] * v[0] + v[1] * v[1];
        if (long > 0 && Math.abs(cross(u, v)) <= 1e-12 * spread * Math.sqrt(long)) {
          const share = (u[0] * v[0] + u[1] * v[1]) / long;
          add([i, j], [1 - share, share]);
        }
        for (let k = j + 1; k < state.n; k++) {
          const w = minus(positions[k], positions[i]), area = cross(v, w);
          if (Math.abs(area) <= 1e-12 * spread * spread) continue;
          const second = cross(u, w) / area, third = cross(v, u) / area;
          add([i, j, k], [1 - second - third, second, third]);
        }
      }
    }
    return found;
  }

  const apart = (a, b) => a.reduce((sum, w, i) => sum + Math.abs(w - b[i]), 0) / 2;

  function solve() {
    const a = softmax(state.query), output = total(a, positions), corners = vertices(output);
    const all = corners.length ? corners : [a];
    const low = indices().map((i) => Math.min(a[i], ...all.map((b) => b[i])));
    const high = indices().map((i) => Math.max(a[i], ...all.map((b) => b[i])));
    const other = all.reduce((best, b) => (apart(a, b) > apart(a, best) + 1e-12 ? b : best), a);
    const top = a.indexOf(Math.max(...a));
    const rival = Math.max(...all.map((b) => Math.max(...b.map((w, i) => (i === top ? -1 : w - b[top])))));
    return { a, output, low, high, other, top, sure: rival < 0, twin: state.keysShown ? twin(a, output) : null };
  }

  // Another query with the same output: damped Newton on V^T softmax(K q / tau) = o from a ring of starts.
  function twin(a, output) {
    let best = null;
    for (const radius of [0.3, 1, 2, 4, 8]) for (let turn = 0; turn < 12; turn++) {
      const angle = (turn * Math.PI) / 6;
      let q = [radius * Math.cos(angle), radius * Math.sin(angle)];
      for (let step = 0; step < 60; step++) {
        const b = softmax(q), at = total(b, positions), gap = [output[0] - at[0], output[1] - at[1]];
        if (Math.hypot(...gap) < 1e-12) break;
        const mean = total(b, keys), j = [[0, 0], [0, 0]];
        b.forEach((w, i) => [0, 1].forEach((r) => [0, 1].forEach((c) => {
          j[r][c] += (w * positions[i][r] * (keys[i][c] - mean[c])) / state.tau;
        })));
        const det = j[0][0] * j[1][1] - j[0][1] * j[1][0];
        if (!(Math.abs(det) > 1e-14)) break;
        const move = [(j[1][1] * gap[0] - j[0][1] * gap[1]) / det, (j[0][0] * gap[1] - j[1][0] * gap[0]) / det];
        let shrink = Math.min(1, (2 * state.tau) / Math.hypot(...move));
        for (let half = 0; half < 12; half++, shrink /= 2) {
          const next = [q[0] + shrink * move[0], q[1] + shrink * move[1]], there = total(softmax(next), positions);
          if (Math.hypot(output[0] - there[0], output[1] - there[1]) < Math.hypot(...gap)) { q = next; break; }
        }
      }
      const b = softmax(q), at = total(b, positions);
      const same = Math.hypot(output[0] - at[0], output[1] - at[1]) < 1e-10;
      if (same && apart(a, b) > 1e-3 && (!best || apart(a, b) > apart(a, best.b))) best = { q, b };
    }
    return best;
  }

  // ---- the drawing -----------------------------------------------------------------------------------------
  const sx = (x) => SIZE / 2 + (x * SIZE) / 2 / REACH, sy = (y) => SIZE / 2 - (y * SIZE) / 2 / REACH;
  function draw(parent, name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return parent.appendChild(made);
  }
  const shown = (x) => (Math.abs(x) < 5e-4 ? "0.00" : x.toFixed(2));
  const place = (p) => `(${shown(p[0])}, ${shown(p[1])})`;

  function chain(parent, weights, kind) { // a_1 v_1 + a_2 v_2 + ..., one arrow after the other
    let at = [0, 0];
    indices().forEach((i) => {
      const next = [at[0] + weights[i] * positions[i][0], at[1] + weights[i] * positions[i][1]];
      if (weights[i] > 1e-3) {
        draw(parent, "line", { class: `link ${kind}`, x1: sx(at[0]), y1: sy(at[1]), x2: sx(next[0]), y2: sy(next[1]),
          "marker-end": `url(#tip-${kind})` });
      }
      at = next;
    });
  }

  function hull() {
    const points = indices().map((i) => positions[i]).sort((p, q) => p[0] - q[0] || p[1] - q[1]);
    const side = (list) => list.reduce((kept, p) => {
      const turn = (o, q) => (q[0] - o[0]) * (p[1] - o[1]) - (q[1] - o[1]) * (p[0] - o[0]);
      while (kept.length > 1 && turn(kept[kept.length - 2], kept[kept.length - 1]) <= 0) kept.pop();
      return [...kept, p];
    }, []);
    return [...side(points).slice(0, -1), ...side([...points].reverse()).slice(0, -1)];
  }

  function handle(name, point, label, kind) {
    const group = draw(board, "g", { class: `handle ${kind}`, tabindex: 0, role: "button", "data-handle": name,
      "aria-label": `${label} at ${place(point)}: arrow keys move it` });
    const spoken = label.replace(/^(value of|the) /, "");
    if (kind === "query") draw(group, "rect", { x: sx(point[0]) - 6, y: sy(point[1]) - 6, width: 12, height: 12,
      transform: `rotate(45 ${sx(point[0])} ${sy(point[1])})` });
    else draw(group, "circle", { cx: sx(point[0]), cy: sy(point[1]), r: 7 });
    draw(group, "circle", { class: "grip", cx: sx(point[0]), cy: sy(point[1]), r: 18 });
    tag(group, point, spoken);
  }

  // A name goes where it covers the least: beside, above or below its point, on the board, off points and names.
  function tag(parent, point, text, kind = "") {
    const wide = 7.4 * text.length, x = sx(point[0]), y = sy(point[1]);
    const boxes = [[11, -9], [11, 18], [-11 - wide, -9], [-11 - wide, 18], [-wide / 2, -14], [-wide / 2, 26], [13, 5], [-13 - wide, 5]]
      .map(([dx, dy]) => ({ left: x + dx, right: x + dx + wide, top: y + dy - 12, bottom: y + dy + 3 }));
    const covers = (p, q) => Math.max(0, Math.min(p.right, q.right) - Math.max(p.left, q.left)) *
      Math.max(0, Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top));
    const cost = (box) => taken.reduce((sum, other) => sum + covers(box, other), 0) + 400 *
      (Math.max(0, -box.left) + Math.max(0, box.right - SIZE) + Math.max(0, -box.top) + Math.max(0, box.bottom - SIZE));
    const best = boxes.reduce((kept, box) => (cost(box) < cost(kept) - 1e-9 ? box : kept));
    taken.push(best);
    draw(parent, "text", { class: kind, x: best.left, y: best.bottom - 3 }, text);
  }

  function render() {
    const now = solve(), focused = document.activeElement?.dataset?.handle;
    const b = now.a.map((w, i) => w + state.step * (now.other[i] - w));
    board.querySelectorAll(":scope > :not(defs)").forEach((node) => node.remove());
    taken = [now.output, state.query, ...indices().map((i) => positions[i])].map((p) => (
      { left: sx(p[0]) - 9, right: sx(p[0]) + 9, top: sy(p[1]) - 9, bottom: sy(p[1]) + 9 }));
    draw(board, "polygon", { class: "hull", points: hull().map((p) => `${sx(p[0])},${sy(p[1])}`).join(" ") });
    draw(board, "path", { class: "axis", d: `M0 ${SIZE / 2}H${SIZE}M${SIZE / 2} 0V${SIZE}` });
    chain(board, now.a, "first");
    chain(board, b, "second");
    draw(board, "circle", { class: "sum", cx: sx(now.output[0]), cy: sy(now.output[1]), r: 6 });
    tag(board, now.output, "output", "sum-name");
    if (state.keysShown) {
      indices().forEach((i) => draw(board, "rect", { class: "key", x: sx(keys[i][0]) - 4, y: sy(keys[i][1]) - 4,
        width: 8, height: 8 }));
      if (now.twin) draw(board, "circle", { class: "twin", cx: sx(now.twin.q[0]), cy: sy(now.twin.q[1]), r: 6 });
    }
    indices().forEach((i) => handle(`v${i}`, positions[i], `value of ${words[i]}`, "value"));
    handle("q", state.query, "the query", "query");
    if (focused) board.querySelector(`[data-handle="${focused}"]`)?.focus({ preventScroll: true });
    table(now, b);
    sentences(now, b);
  }

  function table(now, b) {
    rows.replaceChildren(...indices().map((i) => {
      const row = document.createElement("tr"), certain = now.high[i] - now.low[i] < TINY;
      Object.assign(row.dataset, { low: now.low[i], high: now.high[i], weight: now.a[i], other: b[i] });
      const cells = [words[i], shown(now.a[i]), shown(b[i]), `${shown(now.low[i])} to ${shown(now.high[i])}`];
      cells.forEach((text, at) => {
        const cell = document.createElement(at ? "td" : "th");
        if (!at) cell.scope = "row";
        cell.textContent = text;
        row.append(cell);
      });
      const bars = draw(row.lastChild, "svg", { viewBox: "0 0 100 16", preserveAspectRatio: "none", class: "bars", "aria-hidden": true });
      draw(bars, "rect", { class: "span", x: 100 * now.low[i], y: 0, width: Math.max(0.6, 100 * (now.high[i] - now.low[i])), height: 16 });
      draw(bars, "rect", { class: "first", x: 0, y: 2, width: 100 * now.a[i], height: 5 });
      draw(bars, "rect", { class: "second", x: 0, y: 9, width: 100 * b[i], height: 5 });
      if (certain) row.lastChild.append(" certain");
      return row;
    }));
  }

  function sentences(now, b) {
    const distance = apart(now.a, b), gap = total(b, positions).map((x, at) => x - now.output[at]);
    const width = Math.max(...indices().map((i) => now.high[i] - now.low[i]));
    Object.assign(root.dataset, { output: JSON.stringify(now.output), distance, residual: Math.hypot(...gap),
      values: JSON.stringify(indices().map((i) => positions[i])), weights: JSON.stringify(now.a), sure: now.sure });
    const lines = [`The output is ${place(now.output)}: all that a reader without the values ever sees.`];
    if (width < TINY) lines.push("No other pattern gives it: whoever knows the values knows every weight.");
    else lines.push(`The second pattern moves ${Math.round(100 * distance)} % of the weight to ` +
        `other words and gives the same output (to ${Math.max(Math.hypot(...gap), 1e-16).toExponential(0)}).`,
      now.sure ? `But whoever knows the values can be certain that ${words[now.top]} has the most weight.`
        : `Even whoever knows the values cannot be certain that ${words[now.top]} had the most weight.`);
    if (state.keysShown) lines.push(now.twin
      ? `Even among softmax weights over these keys there is another query, ${place(now.twin.q)} (ring), with this ` +
        `output; its top word is ${words[now.twin.b.indexOf(Math.max(...now.twin.b))]}.`
      : "No other query over these keys was found to give this output; a search that finds none proves nothing.");
    if (state.step === 1) said.textContent = lines.join(" ");
  }

  // ---- the reader's hand -----------------------------------------------------------------------------------
  function move(name, point) {
    const kept = point.map((x) => Math.max(-REACH + 0.1, Math.min(REACH - 0.1, x)));
    if (name === "q") state.query = kept;
    else positions[Number(name.slice(1))] = kept;
    render();
  }
  const where = (name) => (name === "q" ? state.query : positions[Number(name.slice(1))]);

  board.addEventListener("pointerdown", (event) => {
    const name = event.target.closest("[data-handle]")?.dataset.handle;
    if (!name) return;
    event.preventDefault();
    board.setPointerCapture(event.pointerId);
    const drag = (moved) => {
      const box = board.getBoundingClientRect();
      move(name, [(2 * (moved.clientX - box.left) / box.width - 1) * REACH, (1 - 2 * (moved.clientY - box.top) / box.height) * REACH]);
    };
    const stop = () => ["pointermove", "pointerup", "pointercancel"].forEach((kind) => board.removeEventListener(kind, kind === "pointermove" ? drag : stop));
    board.addEventListener("pointermove", drag);
    board.addEventListener("pointerup", stop);
    board.addEventListener("pointercancel", stop);
  });
  board.addEventListener("keydown", (event) => {
    const name = event.target.closest("[data-handle]")?.dataset.handle;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!name || !way) return;
    event.preventDefault();
    const size = event.shiftKey ? 0.25 : 0.05;
    move(name, where(name).map((x, at) => x + size * way[at]));
  });

  const control = (name) => root.querySelector(`[name="${name}"]`);
  control("n").addEventListener("input", (event) => {
    state.n = Number(event.target.value);
    event.target.nextElementSibling.textContent = state.n;
    render();
  });
  control("tau").addEventListener("input", (event) => {
    state.tau = 10 ** Number(event.target.value);
    event.target.nextElementSibling.textContent = state.tau.toPrecision(2);
    render();
  });
  control("keys").addEventListener("change", (event) => { state.keysShown = event.target.checked; render(); });
  control("another").addEventListener("click", () => {
    cancelAnimationFrame(moving);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) { state.step = 1; render(); return; }
    const began = performance.now();
    const tick = (time) => {
      state.step = Math.min(1, Math.max(0, (time - began) / 1600));
      render();
      if (state.step < 1) moving = requestAnimationFrame(tick);
    };
    moving = requestAnimationFrame(tick);
  });

  board.setAttribute("role", "group");
  root.querySelectorAll("[hidden]").forEach((node) => { node.hidden = false; });
  render();
})();
