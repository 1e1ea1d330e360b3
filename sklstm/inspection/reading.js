/* How a model reads one text or series, step by step. */

const LINES = 5; // outputs, or channels, drawn as lines
const BARS = 12; // outputs shown as bars

function readingState(reading) {
  const listeners = [];
  const n = reading.read.length;
  const state = {
    reading, n, step: n - 1,
    names: namesOf(reading),
    listen: (listener) => listeners.push(listener),
    go: (step) => {
      if (!n) return;
      state.step = limit(step, 0, n - 1);
      listeners.forEach((listener) => listener(state.step));
    },
  };
  return state;
}

// The words; null where steps have no names but their numbers
function namesOf({ read, steps }) {
  const names = read.map((position) => steps[position].label);
  return names.every((name, step) => name === `step ${step + 1}`) ? null : names;
}

function readingCards(state) {
  const { reading, n } = state;
  return [
    resultCard(reading),
    reading.input === "series" || !reading.steps.length ? null : wordsCard(state),
    n ? stepBar(state) : el("p", { class: "note" }, "There is no step that the model could read."),
    n && reading.input === "series" ? seriesCard(state) : null,
    n && reading.reading.length && reading.reading[0].length ? readingCard(state) : null,
    n && reading.next_words ? nextWordsCard(state) : null,
    n && reading.gradient ? gradientCard(state) : null,
    n && reading.layers.length ? layersCard(state) : null,
  ].filter(Boolean);
}

function card(title, ...children) {
  return el("section", { class: "card" }, el("h4", {}, title), children);
}

/* ---------- What the model predicts ---------- */

// The outputs worth a look: all in order, or predicted, true and then the largest
function outputsShown({ outputs, result, predicted, true: truth }, most) {
  const wanted = (k) => (outputs[k] === predicted || outputs[k] === truth ? 1 : 0);
  const all = outputs.map((_, k) => k);
  if (all.length <= most) return all;
  return all.sort((a, b) => wanted(b) - wanted(a) || (result[b] ?? 0) - (result[a] ?? 0))
    .slice(0, most);
}

// Blue and orange mean more and less, so outputs have other colours
function colourOf(reading, k) {
  const line = outputsShown(reading, LINES).indexOf(k);
  return line < 0 ? 7 : [3, 2, 4, 5, 6][line];
}

function outputBars(reading, values, shown, low, high) {
  if (reading.outputs.length === 1) {
    return el("p", { class: "figure" }, el("b", {}, number(values[0])), ` ${reading.outputs[0]}`);
  }
  return bars(shown.map((k) => ({
    name: reading.outputs[k], value: values[k], mark: reading.outputs[k] === reading.predicted,
    colour: colourOf(reading, k),
  })), { low, high });
}

function rangeOf(reading) {
  if (reading.scale === "probability") return [0, 1];
  return niceRange([...reading.result, ...reading.reading.flat()], true);
}

function resultCard(reading) {
  const { outputs, result } = reading;
  const shown = outputsShown(reading, BARS);
  const rest = outputs.length - shown.length;
  const what = reading.scale === "probability" ? "Probability of each class" : "Predicted values";
  return el("header", { class: "result" },
    el("h3", { dir: "auto", class: reading.title.length > 80 ? "long" : null }, reading.title || "(empty)"),
    el("p", { class: "verdict" }, verdict(reading)),
    outputs.length && result.length > 1 ? el("div", { role: "group", "aria-label": what },
      outputBars(reading, result, shown, ...rangeOf(reading))) : null,
    rest ? el("p", { class: "note" }, `The largest of ${plural(outputs.length, "output")}.`) : null);
}

/* ---------- The words, and what each of them contributes ---------- */

function wordsCard(state) {
  const { steps, read } = state.reading;
  const contributions = state.n ? state.reading.contributions : [];
  const place = new Map(read.map((position, step) => [position, step]));
  const nodes = steps.map((step, position) => wordNode(state, step, place.get(position)));
  const words = el("div", { class: "words", dir: "auto" }, nodes);
  words.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    state.go(state.step + by);
    nodes[read[state.step]].focus();
  });
  const legend = el("p", { class: "legend" });
  const choose = (i) => {
    const { about, values } = contributions[i];
    const high = Math.max(1e-12, ...values.filter(present).map(Math.abs));
    const digits = decimalsFor(values);
    legend.replaceChildren(colourKey({ low: -high, high }), el("span", {}, about));
    read.forEach((position, step) => tint(nodes[position], values[step], high, digits));
  };
  state.listen((now) => read.forEach((position, step) => {
    nodes[position].classList.toggle("now", step === now);
    if (step === now) reveal(words, nodes[position]);
  }));
  if (contributions.length) choose(0);
  return card(contributions.length ? "What each word contributes" : "The words",
    choices("Contribution", contributions.map(({ name }) => name), choose),
    words, contributions.length ? legend : null, markLegend(steps));
}

function wordNode(state, { label, id, mark }, step) {
  const read = step !== undefined;
  const about = [present(id) ? `id ${id}` : "", mark].filter(Boolean).join(", ");
  const word = el("span", { class: "token" }, label.trim() ? label : "␣");
  const attributes = { class: "word", title: about, "data-mark": mark || null };
  if (!read) return el("span", attributes, word);
  const pick = { type: "button", tabindex: -1, onclick: () => state.go(step) };
  return el("button", { ...attributes, ...pick }, word);
}

function tint(node, value, largest, digits) {
  node.querySelector(".amount")?.remove();
  node.append(el("span", { class: "amount", dir: "ltr" }, present(value) ? signed(value, digits) : "–"));
  node.style.setProperty("--share", present(value) ? Math.abs(value) / largest : 0);
  node.classList.toggle("minus", value < 0);
}

// Scroll inside the box only: the page stays where it is
function reveal(box, node) {
  const [outer, inner] = [box.getBoundingClientRect(), node.getBoundingClientRect()];
  if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top + 4;
  if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom + 4;
}

function markLegend(steps) {
  const marks = new Set(steps.map((step) => step.mark));
  const lines = [
    ["unknown", ": a word that the model does not know"],
    ["cut", ": cut off, the model did not read it"],
  ].filter(([mark]) => marks.has(mark));
  return lines.length ? el("p", { class: "legend" }, lines.map(([mark, about]) =>
    el("span", { "data-mark": mark }, el("span", { class: "token" }, mark), about))) : null;
}

/* ---------- The step ---------- */

function stepBar(state) {
  const { steps, read } = state.reading;
  const [text, word] = [el("span", {}), el("b", { dir: "auto" })];
  const slider = el("input", {
    type: "range", min: 1, max: state.n, step: 1, "aria-label": "Step",
    oninput: () => state.go(slider.valueAsNumber - 1),
  });
  const move = (by, name, sign) =>
    el("button", { type: "button", "aria-label": name, onclick: () => state.go(state.step + by) }, sign);
  state.listen((step) => {
    const { id } = steps[read[step]];
    const name = state.names?.[step] ?? "";
    slider.value = step + 1;
    slider.setAttribute("aria-valuetext", `step ${step + 1} of ${state.n}${name && `: ${name}`}`);
    text.textContent = `Step ${count(step + 1)} of ${count(state.n)} `;
    word.textContent = name;
    word.title = present(id) ? `id ${id}` : "";
  });
  return el("div", { class: "stepbar" },
    move(-1, "Step before", "◀"), slider, move(1, "Next step", "▶"),
    el("span", { class: "where" }, text, word));
}

const xsOf = (state) => state.reading.read.map((_, step) => step + 1);

function stepChart(state, spec) {
  const made = chart({
    ...spec, names: state.names, xName: "step", onpick: (x) => state.go(x - 1),
  });
  state.listen((step) => made.mark(step + 1));
  return made.node;
}

function readingCard(state) {
  const { reading } = state;
  const shown = outputsShown(reading, LINES);
  const [low, high] = rangeOf(reading);
  const chance = reading.scale === "probability";
  const now = el("div", { class: "now-bars", role: "group", "aria-label": "At this step" });
  state.listen((step) => {
    now.replaceChildren(outputBars(reading, reading.reading[step], shown, low, high));
  });
  const series = shown.map((k) => ({
    name: reading.outputs[k], colour: colourOf(reading, k), xs: xsOf(state), ys: reading.reading.map((row) => row[k]),
  }));
  const title = chance ? "The prediction after each step" : "The predicted value after each step";
  return card(title, el("div", { class: "beside" },
    stepChart(state, {
      label: `${title}: ${series.map((s) => s.name).join(", ")}. Arrow keys move the step.`,
      series, direct: shown.length > 1, range: chance ? [0, 1] : null,
      yName: chance ? "probability" : "value",
    }),
    el("div", {}, el("p", { class: "caption" }, "At this step"), now)));
}

function nextWordsCard(state) {
  const box = el("div", {});
  const before = el("b", { dir: "auto" });
  state.listen((step) => {
    const words = state.reading.next_words[step];
    before.textContent = state.names?.[step] ?? `step ${step + 1}`;
    box.replaceChildren(bars(words.map(([name, value]) => ({ name, value, colour: 0 })),
      { low: 0, high: 1 }));
  });
  return card("The next word", el("p", { class: "caption" }, "Most probable after ", before), box);
}

function gradientCard(state) {
  const ys = state.reading.gradient;
  const value = el("b", {});
  state.listen((step) => {
    value.textContent = number(ys[step]);
  });
  return card("The gradient at each step",
    el("p", { class: "caption" },
      "How strongly the score depends on the hidden state of a step: the norm of its gradient. ",
      "At this step ", value),
    stepChart(state, {
      label: "Norm of the gradient at each step", yName: "norm", height: 170, zero: true,
      series: [{ name: "gradient", xs: xsOf(state), ys, bar: true }],
    }));
}

function seriesCard(state) {
  const { steps, read, contributions } = state.reading;
  const rows = read.map((position) => steps[position].values ?? []);
  const width = Math.max(0, ...rows.map((row) => row.length));
  const series = Array.from({ length: Math.min(width, LINES) }, (_, k) => ({
    name: width > 1 ? `channel ${k + 1}` : "value", colour: k + 2,
    xs: xsOf(state), ys: rows.map((row) => row[k]),
  }));
  const about = el("p", { class: "caption" });
  const lower = el("div", {});
  let below = null;
  const choose = (i) => {
    const { name, about: text, values } = contributions[i];
    about.textContent = text;
    below = chart({
      label: `${name} at each step`, yName: name, xName: "step", height: 170, zero: true,
      series: [{ name, xs: xsOf(state), ys: values, bar: true }],
      names: state.names, onpick: (x) => state.go(x - 1),
    });
    lower.replaceChildren(below.node);
    below.mark(state.step + 1);
  };
  state.listen((step) => below?.mark(step + 1));
  if (contributions.length) choose(0);
  return card("The values",
    width > LINES ? el("p", { class: "caption" }, `The first ${LINES} of ${count(width)} channels.`) : null,
    stepChart(state, { label: "Values at each step", series, direct: width > 1, yName: "value" }),
    choices("Contribution of each step", contributions.map(({ name }) => name), choose),
    contributions.length ? [about, lower] : null);
}

/* ---------- Inside the layers ---------- */

function layersCard(state) {
  const { layers } = state.reading;
  const box = el("div", {});
  let view = null;
  const choose = (i) => {
    view = layerView(state, layers[i]);
    box.replaceChildren(...view.nodes);
    view.show(state.step);
  };
  state.listen((step) => view?.show(step));
  choose(0);
  const names = layers.map(({ name }, i) => `${i + 1}. ${name}`);
  return card("Inside the net",
    layers.length > 1 ? chooser("Layer", names, 0, choose) : null, box);
}

function layerView(state, { name, units, signals }) {
  const names = Object.keys(signals);
  const scales = names.map((signal) => scaleOf(signals[signal]));
  const strips = names.map(() => el("canvas", { class: "strip", "aria-hidden": "true" }));
  const ranges = names.map(() => el("span", { class: "value" }));
  const first = Math.max(0, names.indexOf("hidden state"));
  const map = heatMap(state);
  const numbers = unitTable(names, signals);
  const show = (step) => {
    names.forEach((signal, i) => {
      const row = signals[signal][step];
      const [low, high] = extent(row);
      paint(strips[i], [row], scales[i]);
      const digits = Math.max(2, decimalsFor([scales[i].high]));
      ranges[i].textContent = `${fixed(low, digits)} … ${fixed(high, digits)}`;
    });
    map.mark(step);
    numbers.show(step);
  };
  const choose = (i) => map.draw(names[i], signals[names[i]], scales[i]);
  if (names.length) choose(first);
  const width = extent(names.map((signal) => signals[signal][0]?.length))[1];
  const all = units > width ? `, the first ${width} shown` : "";
  const nodes = [
    el("p", { class: "caption" }, `${name}, ${plural(units, "unit")}${all}. At this step:`),
    el("ul", { class: "strips" }, names.map((signal, i) =>
      el("li", {}, el("span", { class: "name" }, signal), strips[i], ranges[i]))),
    numbers.node,
    el("div", { class: "maphead" }, chooser("All steps of the", names, first, choose), map.key),
    map.node,
  ];
  return { nodes, show };
}

function heatMap(state) {
  const [canvas, now] = [el("canvas", { role: "img" }), el("span", { class: "marker" })];
  const labels = el("div", { class: "columns", "aria-hidden": "true" });
  const [key, out] = [el("span", {}), el("output", { class: "readout" })];
  const plane = el("div", { class: "plane" }, canvas, now, labels);
  const node = el("div", { class: "map" }, el("div", { class: "scroller" }, plane), out);
  const n = state.n;
  const about = "Each row is a unit, each column a step.";
  let shown = null;
  plane.style.minWidth = `${n * 4}px`;
  plane.style.maxWidth = `${n * 100}px`;
  labels.style.gridTemplateColumns = `repeat(${n}, minmax(0, 1fr))`;
  if (n <= 16 && state.names) labels.append(...state.names.map((name) => el("span", { dir: "auto", title: name }, name)));
  const at = (event) => {
    const area = canvas.getBoundingClientRect();
    const place = (from, size, many) => limit(Math.floor((from / size) * many), 0, many - 1);
    return [place(event.clientX - area.left, area.width, canvas.width),
      place(event.clientY - area.top, area.height, canvas.height)];
  };
  canvas.addEventListener("click", (event) => state.go(at(event)[0]));
  canvas.addEventListener("pointermove", (event) => {
    const [step, unit] = at(event);
    const name = state.names ? ` (${state.names[step]})` : "";
    out.textContent = `unit ${unit + 1}, step ${step + 1}${name}: ${number(shown[step][unit])}`;
  });
  canvas.addEventListener("pointerleave", () => { out.textContent = about; });
  out.textContent = about;
  return {
    node, key,
    draw: (name, rows, scale) => {
      shown = rows;
      canvas.setAttribute("aria-label", `${name}: units by steps, from ${scale.low} to ${scale.high}`);
      canvas.style.height = `${limit(rows[0].length * 5, 60, 300)}px`;
      paint(canvas, rows[0].map((_, unit) => rows.map((row) => row[unit])), scale);
      key.replaceChildren(colourKey(scale));
    },
    mark: (step) => {
      now.style.left = `${(100 * step) / n}%`;
      now.style.width = `${100 / n}%`;
    },
  };
}

// The numbers of all units at this step, written only while they are unfolded
function unitTable(names, signals) {
  const body = el("tbody", {});
  let now = 0;
  const node = el("details", { class: "numbers", ontoggle: () => show(now) },
    el("summary", {}, "The numbers of this step"),
    el("div", { class: "table" }, el("table", {},
      el("thead", {}, el("tr", {}, ["unit", ...names].map((name) => el("th", { scope: "col" }, name)))),
      body)));
  const show = (step) => {
    now = step;
    if (!node.open) return;
    const rows = names.map((name) => signals[name][step]);
    body.replaceChildren(...(rows[0] ?? []).map((_, unit) => el("tr", {},
      el("th", { scope: "row" }, count(unit + 1)),
      rows.map((row) => el("td", {}, number(row[unit]))))));
  };
  return { node, show };
}
