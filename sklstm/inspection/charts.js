/* Elements, numbers, colours and charts. Data reach the page as text only. */

const SVG = "http://www.w3.org/2000/svg";

function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

const present = (value) => value !== null && value !== undefined;
const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;
const limit = (value, low, high) => Math.min(Math.max(value, low), high);
const cut = (text, length) => {
  const letters = [...text];
  return letters.length > length ? letters.slice(0, length - 1).join("") + "…" : text;
};

/* ---------- Numbers ---------- */

function count(value) {
  return present(value) ? value.toLocaleString("en-US") : "–";
}

function number(value, digits = 3) {
  if (!present(value)) return "–";
  const size = Math.abs(value);
  let text;
  if (size >= 1e7 || (size > 0 && size < 0.5 * 10 ** -digits)) text = value.toExponential(1);
  else if (size >= 1000) text = value.toLocaleString("en-US", { maximumFractionDigits: 1 });
  else text = value.toFixed(digits);
  return text.replaceAll("-", "−");
}

// Always that many decimals, for numbers side by side
function fixed(value, digits) {
  const text = present(value) ? value.toFixed(digits).replace("-", "−") : "–";
  return /[1-9]/.test(text) ? text : text.replace("−", "");
}

function signed(value, digits = 3) {
  return value > 0 ? `+${fixed(value, digits)}` : fixed(value, digits);
}

// As many decimals as the largest value needs to show two digits
function decimalsFor(values) {
  const largest = Math.max(0, ...values.filter(present).map(Math.abs));
  return largest ? limit(1 - Math.floor(Math.log10(largest)), 0, 6) : 2;
}

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!present(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 1] : [low, high];
}

function ticksOf(low, high, wanted) {
  const rough = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const marks = [];
  for (let k = Math.ceil(low / step - 1e-6); k <= high / step + 1e-6; k++) marks.push(k * step);
  return { marks, step, decimals: limit(-Math.floor(Math.log10(step) + 1e-9), 0, 6) };
}

// Round limits for the values: from 0 where that costs little room
function niceRange(values, zero) {
  let [low, high] = extent(values);
  if (low === high) [low, high] = low ? [low - Math.abs(low) / 2, low + Math.abs(low) / 2] : [0, 1];
  if (zero || (low > 0 && low < 0.4 * high)) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  const { step } = ticksOf(low, high, 5);
  return [Math.floor(low / step + 1e-6) * step, Math.ceil(high / step - 1e-6) * step];
}

/* ---------- Colours of heat maps and words ---------- */

function palette() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim().split(/\s+/).map(Number);
  return { plus: read("--plus"), minus: read("--minus"), zero: read("--zero") };
}

// Values of both signs spread around 0; what is never negative starts at 0
function scaleOf(rows) {
  let [low, high] = [0, 0];
  for (const row of rows) {
    const [least, most] = extent(row);
    [low, high] = [Math.min(low, least), Math.max(high, most)];
  }
  if (low < 0) return { low: -Math.max(-low, high), high: Math.max(-low, high) };
  return { low: 0, high: high <= 1 ? 1 : high };
}

// One pixel for each value; style sheets stretch it. A missing value is left clear.
function paint(canvas, rows, scale) {
  const [height, width] = [rows.length, rows[0]?.length ?? 0];
  if (!height || !width) return;
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const { plus, minus, zero } = palette();
  rows.forEach((row, y) => {
    row.forEach((value, x) => {
      if (!present(value)) return;
      const share = limit(Math.abs(value) / scale.high, 0, 1);
      const end = value < 0 ? minus : plus;
      const at = 4 * (y * width + x);
      for (let k = 0; k < 3; k++) image.data[at + k] = zero[k] + share * (end[k] - zero[k]);
      image.data[at + 3] = 255;
    });
  });
  context.putImageData(image, 0, 0);
  canvas.repaint = () => paint(canvas, rows, scale); // after a change of theme
}

function colourKey(scale) {
  const bar = el("span", { class: scale.low < 0 ? "ramp both" : "ramp" });
  const digits = Math.max(2, decimalsFor([scale.high]));
  const high = (scale.low < 0 ? signed : fixed)(scale.high, digits);
  return el("span", { class: "key" }, fixed(scale.low, digits), bar, high);
}

/* ---------- Choices ---------- */

// One of a few, as a row of radio buttons
let groups = 0;
function choices(title, names, choose) {
  if (names.length < 2) return null;
  const group = `choice-${groups++}`;
  return el("fieldset", { class: "choices" }, el("legend", {}, title), names.map((name, i) =>
    el("label", {},
      el("input", { type: "radio", name: group, checked: i === 0, onchange: () => choose(i) }),
      el("span", {}, name))));
}

function chooser(title, names, first, choose) {
  const select = el("select", { onchange: () => choose(select.selectedIndex) },
    names.map((name, i) => el("option", { selected: i === first }, name)));
  return el("label", { class: "chooser" }, `${title} `, select);
}

/* ---------- Bars with a name and a number ---------- */

function bars(entries, { low = 0, high = 1, digits = 3 } = {}) {
  const span = high - low || 1;
  const place = (value) => (100 * (limit(value, low, high) - low)) / span;
  return el("ul", { class: "bars" }, entries.map(({ name, value, mark, colour }) => {
    const bar = el("span", { class: `fill c${colour ?? 0}` });
    const [from, to] = [place(Math.min(value ?? 0, 0)), place(Math.max(value ?? 0, 0))];
    bar.style.left = `${from}%`;
    bar.style.width = `${to - from}%`;
    return el("li", { class: mark ? "marked" : null },
      el("span", { class: "name", dir: "auto", title: name }, name),
      el("span", { class: "track" }, bar),
      el("span", { class: "value" }, number(value, digits)));
  }));
}

/* ---------- Line and bar charts over epochs or steps ---------- */

const MARGIN = { top: 14, bottom: 40, left: 54 };

// spec: label, xName, yName, series [{name, xs, ys, colour, dash, strong, bar}], and
// range, names (of the x), direct (names at the ends of lines), best [{x, y, colour}],
// bestText, zero, height, onpick
function chart(spec) {
  const { height = 230 } = spec;
  const tip = el("div", { class: "tip", hidden: true, "aria-live": "polite" });
  const drawing = el("div", { class: "drawing", tabindex: 0, role: "img", "aria-label": spec.label });
  const box = el("div", { class: "chart" }, drawing, tip);
  const state = { spec, height, drawing, tip, xs: [...new Set(spec.series.flatMap((s) => s.xs))] };
  state.xs.sort((a, b) => a - b);
  drawing.style.height = `${height}px`;
  const draw = (width) => {
    state.width = width;
    state.scale = scalesOf(state);
    drawing.replaceChildren(drawChart(state));
    if (present(state.marked)) mark(state.marked);
  };
  const mark = (x) => {
    state.marked = x;
    const rule = drawing.querySelector(".rule");
    rule.setAttribute("transform", `translate(${state.scale.x(x)} 0)`);
    rule.removeAttribute("visibility");
    drawing.querySelectorAll("[data-x]").forEach((node) =>
      node.classList.toggle("now", Number(node.dataset.x) === x));
  };
  draw(Math.min(760, (document.querySelector("main")?.clientWidth ?? 760) - 48));
  new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width && width !== state.width) draw(width);
  }).observe(box);
  listen(state);
  return { node: box, mark };
}

function scalesOf({ spec, width, height, xs }) {
  const values = spec.series.flatMap((s) => s.ys);
  const range = spec.range ?? niceRange(values, spec.zero);
  const longest = Math.max(0, ...spec.series.map((s) => [...s.name].length));
  const right = width - (spec.direct ? Math.min(24 + 7 * longest, 0.3 * width, 130) : 14);
  const [first, last] = xs.length ? [xs[0] - 0.5, xs.at(-1) + 0.5] : [0, 1];
  const bottom = height - MARGIN.bottom;
  return {
    range, right, bottom,
    room: Math.floor((width - right - 8) / 7),
    x: (x) => MARGIN.left + ((x - first) / (last - first)) * (right - MARGIN.left),
    y: (y) => bottom - ((y - range[0]) / (range[1] - range[0] || 1)) * (bottom - MARGIN.top),
    band: (right - MARGIN.left) / (last - first),
  };
}

function drawChart(state) {
  const { spec, scale, width, height } = state;
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
  root.append(...axes(state));
  root.append(svg("line", {
    class: "rule", visibility: "hidden", y1: MARGIN.top, y2: scale.bottom, x1: 0, x2: 0,
  }));
  for (const series of spec.series) root.append(...(series.bar ? columns : line)(series, scale));
  for (const { x, y, colour } of spec.best ?? []) {
    root.append(svg("circle", { class: `best c${colour}`, cx: scale.x(x), cy: scale.y(y), r: 6.5 }));
  }
  if (spec.direct) root.append(...endNames(spec, scale));
  if (spec.bestText && spec.best.length) root.append(bestName(spec, scale));
  return root;
}

function bestName(spec, scale) {
  const { x, y } = spec.best[0];
  const others = spec.series.map((s) => s.ys[s.xs.indexOf(x)]).filter(present);
  const up = scale.y(y) > MARGIN.top + 26 && others.every((other) => other <= y);
  const text = { class: "tick strong", x: scale.x(x), y: scale.y(y) + (up ? -13 : 22) };
  const last = Math.max(...spec.series.flatMap((s) => s.xs)); // names of lines follow it
  const anchor = x === last ? "end" : "middle";
  return svg("text", { ...text, "text-anchor": anchor }, spec.bestText);
}

function axes({ spec, scale, xs, width, height }) {
  const parts = [];
  const { marks, decimals } = ticksOf(...scale.range, 5);
  for (const value of marks) {
    const y = scale.y(value);
    parts.push(
      svg("line", { class: value ? "grid" : "grid base", x1: MARGIN.left, x2: scale.right, y1: y, y2: y }),
      svg("text", { class: "tick", x: MARGIN.left - 8, y: y + 4, "text-anchor": "end" },
        number(value, decimals)));
  }
  const words = spec.names && scale.band >= 34;
  const whole = ticksOf(0, Math.max(xs.length - 1, 1), limit((scale.right - MARGIN.left) / 45, 2, 12));
  const every = Math.max(1, Math.round(whole.step));
  for (const x of xs) {
    const first = x === xs[0] && every > 2;
    if (!words && (xs.length > 12 || scale.band < 22) && x % every && !first) continue;
    const name = words ? cut(spec.names[x - 1], Math.floor(scale.band / 7)) : count(x);
    parts.push(svg("text", {
      class: "tick", x: scale.x(x), y: scale.bottom + 18, "text-anchor": "middle", "data-x": x,
    }, name));
  }
  const middle = (MARGIN.left + scale.right) / 2;
  parts.push(
    svg("text", { class: "axis", x: middle, y: height - 4, "text-anchor": "middle" }, spec.xName),
    svg("text", {
      class: "axis", "text-anchor": "middle",
      transform: `translate(11 ${(MARGIN.top + scale.bottom) / 2}) rotate(-90)`,
    }, spec.yName));
  return parts;
}

function line({ xs, ys, colour, dash, faint }, scale) {
  const style = `c${colour}${dash ? " dash" : ""}${faint ? " faint" : ""}`;
  let path = "";
  let open = false;
  const dots = [];
  const few = xs.length <= 40;
  ys.forEach((value, i) => {
    if (!present(value)) {
      open = false;
      return;
    }
    const [x, y] = [scale.x(xs[i]).toFixed(1), scale.y(value).toFixed(1)];
    path += `${open ? "L" : "M"}${x} ${y}`;
    const alone = !open && !present(ys[i + 1]);
    if (few || alone) {
      dots.push(svg("circle", { class: `dot ${style}`, cx: x, cy: y, r: 3, "data-x": xs[i] }));
    }
    open = true;
  });
  return [svg("path", { class: `line ${style}`, d: path }), ...dots];
}

function columns({ xs, ys }, scale) {
  const width = Math.max(1, Math.min(scale.band * 0.72, 40));
  const zero = scale.y(limit(0, ...scale.range));
  return ys.map((value, i) => {
    const y = scale.y(value ?? 0);
    return svg("rect", {
      class: `column ${value < 0 ? "minus" : "plus"}`, "data-x": xs[i], width,
      x: scale.x(xs[i]) - width / 2, y: Math.min(y, zero),
      height: present(value) ? Math.max(Math.abs(y - zero), 1) : 0,
    });
  });
}

// The name of each line at its end, pushed apart where lines end close together
function endNames(spec, scale) {
  const ends = spec.series.map((s) => {
    const at = s.ys.findLastIndex(present);
    return at < 0 ? null : { s, x: scale.x(s.xs[at]), y: scale.y(s.ys[at]) };
  }).filter(present).sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => {
    if (i) end.y = Math.max(end.y, ends[i - 1].y + 15);
  });
  const below = ends.length ? ends.at(-1).y - scale.bottom - 4 : 0;
  if (below > 0) {
    ends.reverse().forEach((end, i) => {
      end.y = Math.min(end.y, i ? ends[i - 1].y - 15 : scale.bottom + 4);
    });
  }
  return ends.map(({ s, y }) =>
    svg("text", { class: `end c${s.colour}`, x: scale.right + 6, y: y + 4 }, cut(s.name, scale.room)));
}

/* ---------- Values under the pointer, or by arrow keys ---------- */

function listen(state) {
  const { drawing, tip, spec, xs } = state;
  const near = (event) => {
    const from = event.clientX - drawing.getBoundingClientRect().left;
    return xs.reduce((best, x) =>
      Math.abs(state.scale.x(x) - from) < Math.abs(state.scale.x(best) - from) ? x : best, xs[0]);
  };
  const show = (x) => {
    if (!present(x)) return;
    state.shown = x;
    tip.replaceChildren(...tipLines(spec, x));
    tip.hidden = false;
    const at = state.scale.x(x);
    const left = at > state.width / 2;
    tip.style.left = left ? "auto" : `${at + 12}px`;
    tip.style.right = left ? `${state.width - at + 12}px` : "auto";
  };
  const hide = () => {
    tip.hidden = true;
    state.shown = undefined;
  };
  drawing.addEventListener("pointermove", (event) => show(near(event)));
  drawing.addEventListener("pointerleave", hide);
  drawing.addEventListener("blur", hide);
  if (spec.onpick) drawing.addEventListener("click", (event) => xs.length && spec.onpick(near(event)));
  drawing.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") hide();
    if (!move || !xs.length) return;
    event.preventDefault();
    const from = xs.indexOf(state.shown ?? state.marked);
    const x = xs[limit(from + (from < 0 && move < 0 ? xs.length : move), 0, xs.length - 1)];
    show(x);
    spec.onpick?.(x);
  });
}

function tipLines(spec, x) {
  const name = spec.names ? `${count(x)}: ${spec.names[x - 1]}` : `${spec.xName} ${count(x)}`;
  const lines = spec.series.map((s) => ({ s, value: s.ys[s.xs.indexOf(x)] }));
  return [
    el("strong", { dir: "auto" }, name),
    ...lines.filter(({ value }) => present(value)).map(({ s, value }) =>
      el("span", { class: `c${s.colour ?? 0}` }, el("i", { class: s.dash ? "dash" : null }),
        `${s.name} `, el("b", {}, number(value)))),
  ];
}
